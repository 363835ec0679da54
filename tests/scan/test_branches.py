"""checkov sees every part of the template, whatever its conditions."""

from tests.scan.branches import renderings
from tests.template import expanded_template


def test_every_branch_is_rendered() -> None:
    nothing = {"Ref": "AWS::NoValue"}
    resource = {
        "Type": "T",
        "Condition": "A",
        "Properties": {
            "Nested": {"Fn::If": ["A", {"Fn::If": ["B", "b", "not b"]}, "not a"]},
            "Items": [{"Fn::If": ["C", nothing, "item"]}],
            "Optional": {"Fn::If": ["C", "c", nothing]},
        },
    }
    rendered = [rendering["Resources"]["R"] for rendering in renderings({"Resources": {"R": resource}})]
    assert all(resource.keys() == {"Type", "Properties"} for resource in rendered)
    properties = [resource["Properties"] for resource in rendered]
    assert {fields["Nested"] for fields in properties} == {"b", "not b", "not a"}
    assert {(fields.get("Optional"), *fields["Items"]) for fields in properties} == {("c",), (None, "item")}


def test_the_whole_template_is_rendered() -> None:
    template = expanded_template()
    rendered = renderings(template)
    assert all(rendering["Resources"].keys() == template["Resources"].keys() for rendering in rendered)
    assert "Fn::If" not in str(rendered)
    # checkov takes some seconds for each.
    assert 1 < len(rendered) < 6
