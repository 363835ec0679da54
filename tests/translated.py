"""The template as CloudFormation sees it, after the SAM transform."""

from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse  # type: ignore[import-untyped]

from localcloud.cloudformation.transform import expand

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


def translated() -> dict[str, Any]:
    """The whole template, anew at each call."""
    template = yaml_parse(TEMPLATE.read_text())
    # What `sam package` does: the transform takes code and definition from S3.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/definition"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    expanded: dict[str, Any] = expand(template, {}, "ap-northeast-1")
    return expanded
