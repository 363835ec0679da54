"""checkov sees every part of the template, whatever its conditions."""

from tests.expanded_template import expanded_template
from tests.scan.branches import renderings


def test_every_branch_is_shown() -> None:
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
    shown = [rendering["Resources"]["R"] for rendering in renderings({"Resources": {"R": resource}})]
    assert all(resource.keys() == {"Type", "Properties"} for resource in shown)
    properties = [resource["Properties"] for resource in shown]
    assert {each["Nested"] for each in properties} == {"b", "not b", "not a"}
    assert {(each.get("Optional"), *each["Items"]) for each in properties} == {("c",), (None, "item")}


def test_the_whole_template_is_shown() -> None:
    template = expanded_template()
    shown = renderings(template)
    assert all(rendering["Resources"].keys() == template["Resources"].keys() for rendering in shown)
    assert "Fn::If" not in str(shown)
    # checkov takes some seconds for each.
    assert 1 < len(shown) < 6
