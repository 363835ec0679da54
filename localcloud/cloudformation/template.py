"""A template as text and as a dict."""

import json
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yaml import YAMLError

Template = dict[str, Any]

SECTIONS = frozenset(
    {"AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Mappings", "Metadata"}
    | {"Outputs", "Parameters", "Resources", "Rules", "Transform"}
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html, and SAM's Globals."""


def parse(written: str) -> Template:
    """The template as a dict, short forms (`!Ref`) written out.

    Raises:
        ValidationError: the text is neither YAML nor JSON, has no Resources, or a section that CloudFormation lacks.
    """
    try:
        template = yaml_parse(written)
    except (YAMLError, ValueError) as error:
        raise ValidationError(message=f"Template format error: {error}") from error
    if not isinstance(template, dict):
        raise ValidationError(message="Template format error: unsupported structure.")
    # YAML reads an unquoted version as a date.
    template = json.loads(json.dumps(template, default=str))
    unknown = sorted(set(template) - SECTIONS)
    if unknown:
        raise ValidationError(message=f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise ValidationError(message="Template format error: At least one Resources member must be defined.")
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise ValidationError(
                message=f"Template format error: [/Resources/{logical_id}] Every Resources object must contain a Type "
                "member."
            )
    return dict(template)


def packaged(written: str) -> Template:
    """The template of the text with its local paths replaced, as `sam package` does: the transform takes S3's only.

    Raises:
        ValidationError: see `parse`.
    """
    template = parse(written)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/definition"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    return template


def text(value: Any) -> str:
    """The value as CloudFormation writes it where text is wanted."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
