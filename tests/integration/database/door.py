"""How people call ManageTargets."""

import json
from types import SimpleNamespace
from typing import Any

import manage_targets

CONTEXT: Any = SimpleNamespace(
    function_name="ManageTargets",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:odcr-ManageTargets",
    aws_request_id="1",
)
ZONE = "ap-northeast-1c"
KEY = {"InstanceType": "r5b.2xlarge", "AvailabilityZone": ZONE}


def ask(**event: Any) -> dict[str, Any]:
    """The function's answer, as Lambda passes it on."""
    answer: dict[str, Any] = json.loads(json.dumps(manage_targets.handler(event, CONTEXT)))
    return answer


def change(*changes: dict[str, Any], trial: bool = False) -> dict[str, Any]:
    return ask(Change=list(changes), Try=trial)


def rows(table: str, **options: Any) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = ask(Read=table, **options)["Rows"]
    return answer


def capacity(instance_type: str = "r5b.2xlarge", target: Any = 15, **more: Any) -> dict[str, Any]:
    row = {"InstanceType": instance_type, "AvailabilityZone": ZONE, "Target_Capacity": target}
    return {"Table": "odcr_capacity", "Row": row, **more}


def option(**row: Any) -> dict[str, Any]:
    return {"Table": "odcr_option", "Row": row}
