"""The template as CloudFormation sees it, after the SAM transform."""

from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from localcloud.cloudformation.transform import expand

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def resources() -> dict[str, Any]:
    """Its resources by logical id; not to be changed."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    # What `sam package` does: the transform takes code and definition from S3.
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/definition"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    expanded: dict[str, Any] = expand(template, {}, "ap-northeast-1")["Resources"]
    return expanded
