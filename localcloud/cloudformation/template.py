"""A template's text, its sections, and where it is uploaded to."""

import json
from typing import Any
from urllib.parse import unquote, urlparse

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.utils import get_stack_from_s3_url as moto_get_stack_from_s3_url
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yaml import YAMLError

Template = dict[str, Any]

SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html, and SAM's Globals."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def parse(text: str) -> Template:
    """The template as a dict, short forms (`!Ref`) written out.

    Raises:
        ValidationError: the text is neither YAML nor JSON, has no Resources, or a section that CloudFormation lacks.
    """
    try:
        template = yaml_parse(text)
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


def packaged(text: str) -> Template:
    """The template of the text with its local paths replaced, as `sam package` does: the transform takes S3's only.

    Raises:
        ValidationError: see `parse`.
    """
    template = parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            resource["Properties"]["DefinitionUri"] = "s3://bucket/definition"
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/code"
    return template


def from_s3_url(template_url: str, account_id: str, partition: str) -> str:
    """The text that a TemplateURL points to, also when the URL names this endpoint (`http://127.0.0.1:4566/bucket/key`).

    Raises:
        ValidationError: there is no such object.
    """
    url = urlparse(template_url)
    try:
        if url.hostname not in LOOPBACK:
            return str(moto_get_stack_from_s3_url(template_url, account_id=account_id, partition=partition))
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        found = s3_backends[account_id][partition].get_object(bucket, key)
    except S3ClientError as error:
        raise ValidationError(message=f"S3 error: {error.message} ({template_url})") from error
    if found is None:
        raise ValidationError(message=f"S3 error: The specified key does not exist. ({template_url})")
    return str(found.value.decode())
