"""The examples of docs/how-to/hand-over.md against botocore's models and the schema that Karpenter publishes."""

import json
import re
from typing import Any

import boto3
import pytest
import yaml
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from tests.paths import ROOT

PAGE = (ROOT / "docs" / "how-to" / "hand-over.md").read_text(encoding="utf-8")
REQUESTS = [
    (service, operation, json.loads(text))
    for service, operation, text in re.findall(
        r"<!-- ([a-z0-9-]+) (\w+) -->\n\n```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
]
NODE_CLASS, NODE_POOL = yaml.safe_load_all(re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0])

SELECTOR_TERM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": "^cr-[0-9a-z]+$"},
        "instanceMatchCriteria": {"enum": ["open", "targeted"]},
        "ownerID": {"type": "string", "pattern": "^[0-9]{12}$"},
        "tags": {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"type": "string", "minLength": 1},
        },
    },
    "anyOf": [{"required": [name]} for name in ("tags", "id", "instanceMatchCriteria")],
    "if": {"required": ["id"]},
    "then": {"maxProperties": 1},
}
"""As https://github.com/aws/karpenter-provider-aws/blob/main/pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml has it
under capacityReservationSelectorTerms, with its rules in CEL as JSON Schema."""


def test_every_json_of_the_page_is_a_request() -> None:
    assert len(REQUESTS) == PAGE.count("```json") == 6


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    REQUESTS,
    ids=[f"{service} {operation}" for service, operation, _ in REQUESTS],
)
def test_botocore_knows_the_requests(service: str, operation: str, parameters: dict[str, Any]) -> None:
    shape = boto3.client(service, "eu-west-1").meta.service_model.operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    assert values_outside_their_enum(parameters, shape) == []


def values_outside_their_enum(value: Any, shape: Any) -> list[str]:
    """What botocore's validator does not check: values outside their enum, and members that the model lacks."""
    if shape.type_name == "structure":
        unknown = sorted(set(value) - set(shape.members))
        return unknown + [
            wrong
            for name in set(value) & set(shape.members)
            for wrong in values_outside_their_enum(value[name], shape.members[name])
        ]
    if shape.type_name == "list":
        return [wrong for member in value for wrong in values_outside_their_enum(member, shape.member)]
    return [value] if getattr(shape, "enum", None) and value not in shape.enum else []


def test_karpenter_knows_the_selector() -> None:
    schema = Draft202012Validator(SELECTOR_TERM)
    terms = NODE_CLASS["spec"]["capacityReservationSelectorTerms"]
    assert 0 < len(terms) <= 30
    for term in terms:
        schema.validate(term)
    (by_id,) = yaml.safe_load(re.findall(r"`(- id: [^`]+)`", PAGE)[0])
    schema.validate(by_id)
    assert not schema.is_valid({**by_id, **terms[0]})


def test_the_node_pool_takes_what_the_node_class_selects() -> None:
    """https://karpenter.sh/docs/tasks/odcrs/"""
    template = NODE_POOL["spec"]["template"]["spec"]
    reference = template["nodeClassRef"]
    assert NODE_CLASS["apiVersion"].startswith(f"{reference['group']}/")
    assert (NODE_CLASS["kind"], NODE_CLASS["metadata"]["name"]) == (reference["kind"], reference["name"])
    (types,) = [item["values"] for item in template["requirements"] if item["key"] == "karpenter.sh/capacity-type"]
    assert "reserved" in types
