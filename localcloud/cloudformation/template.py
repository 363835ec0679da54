"""A template as text, as a dict, and after the transform AWS::Serverless-2016-10-31, which samtranslator does."""

import copy
import json
from typing import Any

import boto3
from moto.cloudformation.exceptions import ValidationError
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics  # type: ignore[import-untyped]
from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
from samtranslator.utils.py27hash_fix import (  # type: ignore[import-untyped]
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yaml import YAMLError

Template = dict[str, Any]

SERVERLESS = "AWS::Serverless-2016-10-31"
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


def expand(template: Template, parameters: dict[str, Any], region: str) -> Template:
    """The template of plain resources that CloudFormation creates.

    Args:
        template: as written; it is not changed.
        parameters: values by name, defaults not included.
        region: the stack's Region.

    Raises:
        ValidationError: samtranslator refuses the template, or it asks for another transform.
    """
    wanted = template.get("Transform", [])
    transforms = [wanted] if isinstance(wanted, str | dict) else list(wanted)
    unknown = [str(name) for name in transforms if name != SERVERLESS]
    if unknown:
        raise ValidationError(
            message=f"No transform named {', '.join(unknown)} found: the local cloud has {SERVERLESS}."
        )
    if not transforms:
        return template
    expanded = copy.deepcopy(template)
    values = {"AWS::Region": region, **parameters}
    to_py27_compatible_template(expanded, values)
    metrics = Metrics("ServerlessTransform", DummyMetricsPublisher())
    translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=region), metrics=metrics)
    try:
        translated = translator.translate(expanded, parameter_values=values, get_managed_policy_map=dict)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise ValidationError(message=f"Transform {SERVERLESS} failed with: {error.message} {causes}") from error
    finally:
        # To nobody; unpublished metrics are complained of on stderr.
        metrics.publish()
    plain = dict(undo_mark_unicode_str_in_template(translated))
    plain.pop("Transform", None)
    return plain


def text(value: Any) -> str:
    """The value as CloudFormation writes it where text is wanted."""
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
