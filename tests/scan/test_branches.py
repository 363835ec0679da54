"""Nothing of the template is kept from checkov by a condition."""

from tests.scan.branches import renderings
from tests.translated import translated


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
    assert all(one.keys() == {"Type", "Properties"} for one in shown)
    properties = [one["Properties"] for one in shown]
    assert {one["Nested"] for one in properties} == {"b", "not b", "not a"}
    assert {(one.get("Optional"), *one["Items"]) for one in properties} == {("c",), (None, "item")}


def test_the_whole_template_is_shown() -> None:
    template = translated()
    shown = renderings(template)
    assert all(rendering["Resources"].keys() == template["Resources"].keys() for rendering in shown)
    assert "Fn::If" not in str(shown)
    # Each takes checkov some seconds.
    assert 1 < len(shown) < 6
