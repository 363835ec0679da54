"""The state machine against cfn-lint, the functions and the template."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from odcr.domain import errors
from odcr.domain.comparison import MAX_SHORTFALLS
from odcr.domain.errors import TargetNotMet
from odcr.gateways.database import LoginRefused
from reserve_capacity.app import RUN_SECONDS
from tests.cfn_lint import cfn_lint

ROOT = Path(__file__).parents[2]
DEFINITION_FILE = ROOT / "statemachine" / "acquire_capacity.asl.json"


def definition() -> dict[str, Any]:
    return json.loads(DEFINITION_FILE.read_text())


def tasks(states: dict[str, Any]) -> dict[str, Any]:
    """Every Task by name, those inside the Maps too."""
    found = {name: state for name, state in states.items() if state["Type"] == "Task"}
    for state in states.values():
        if state["Type"] == "Map":
            found |= tasks(state["ItemProcessor"]["States"])
    return found


def without_processors(machine: dict[str, Any]) -> dict[str, Any]:
    """The machine's own level only."""
    states = {
        name: {field: value for field, value in state.items() if field != "ItemProcessor"}
        for name, state in machine["States"].items()
    }
    return {**machine, "States": states}


def template() -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda _loader, tag, node: {tag: getattr(node, "value", None)})
    return yaml.load(Path(ROOT / "template.yaml").read_text(), Loader)


def lint(machine: dict[str, Any], folder: Path) -> str:
    # cfn-lint looks into a definition only when it stands in the template itself.
    values = {
        "Partition": "aws",
        "MapConcurrency": "40",
        "AlertTopicArn": "arn:aws:sns:us-east-1:123456789012:changes",
    }
    arn = "arn:aws:lambda:us-east-1:123456789012:function:a"
    text = re.sub(r"\$\{(\w+)\}", lambda name: values.get(name[1], arn), json.dumps(machine))
    inline = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"RoleArn": "arn:aws:iam::123456789012:role/states", "Definition": json.loads(text)},
            }
        },
    }
    path = folder / "inline.json"
    path.write_text(json.dumps(inline))
    return cfn_lint(path)


def test_cfn_lint_accepts_the_definition(tmp_path: Path) -> None:
    assert lint(definition(), tmp_path) == ""


def test_cfn_lint_would_object_to_a_broken_one(tmp_path: Path) -> None:
    broken = definition()
    del broken["States"]["FindShortfalls"]["Resource"]
    assert "'Resource' is a required property" in lint(broken, tmp_path)


def test_cfn_lint_accepts_the_template() -> None:
    assert cfn_lint(ROOT / "template.yaml") == ""


def test_every_way_leads_to_a_state_and_every_state_is_reached() -> None:
    for machine in (definition(), *(s["ItemProcessor"] for s in definition()["States"].values() if s["Type"] == "Map")):
        # cfn-lint does not look where a Next leads.
        targets = set(re.findall(r'"(?:StartAt|Next|Default)": "(\w+)"', json.dumps(without_processors(machine))))
        assert targets == set(machine["States"])


def test_every_function_has_its_state() -> None:
    functions = {
        name for name, resource in template()["Resources"].items() if resource["Type"] == "AWS::Serverless::Function"
    }
    # That one is Secrets Manager's to call.
    assert functions - {"RotateSecret"} <= set(tasks(definition()["States"]))
    assert "RotateSecret" in functions


def test_a_refused_login_is_mended_once_and_then_fails_the_run() -> None:
    states = definition()["States"]
    caught = {name: catch["Next"] for catch in states["LoadTargets"]["Catch"] for name in catch["ErrorEquals"]}
    assert caught == {LoginRefused.__name__: "WasDatabasePrepared", "States.ALL": "ReleaseLease"}
    # An error's name that a retrier bears would be repeated before it is caught.
    retried = {name for retry in states["LoadTargets"]["Retry"] for name in retry["ErrorEquals"]}
    assert not retried & {LoginRefused.__name__, "States.ALL", "States.TaskFailed"}
    # What PrepareDatabase leaves behind is what keeps it from being run again: the way between the two has no loop.
    mark = states["PrepareDatabase"]["ResultPath"]
    assert states["WasDatabasePrepared"]["Choices"] == [{"Variable": mark, "IsPresent": True, "Next": "ReleaseLease"}]
    assert states["WasDatabasePrepared"]["Default"] == "PrepareDatabase"
    assert states["PrepareDatabase"]["Next"] == "LoadTargets"
    assert {catch["ResultPath"] for catch in states["LoadTargets"]["Catch"]} == {"$.Failure"} != {mark}
    assert [
        name for name, state in states.items() if "PrepareDatabase" in (state.get("Next"), state.get("Default"))
    ] == ["WasDatabasePrepared"]


def test_results_wait_for_a_refused_login_until_the_next_run_has_mended_it() -> None:
    (retry,) = [
        one for one in tasks(definition()["States"])["RecordResults"]["Retry"] if "LoginRefused" in one["ErrorEquals"]
    ]
    waits = [retry["IntervalSeconds"] * retry["BackoffRate"] ** number for number in range(retry["MaxAttempts"])]
    assert sum(waits) > 60


def test_the_states_catch_exactly_the_errors_that_the_function_raises() -> None:
    raised = {
        error.__name__ for error in vars(errors).values() if isinstance(error, type) and issubclass(error, TargetNotMet)
    }
    reserve = tasks(definition()["States"])["ReserveCapacity"]
    assert set(reserve["Catch"][0]["ErrorEquals"]) == raised - {"TargetNotMet"}
    retried = {name for retry in reserve["Retry"] for name in retry["ErrorEquals"]}
    assert retried & raised == {"InsufficientInstanceCapacity", "RequestLimitExceeded", "OutcomeUnknown"}


def test_a_task_outlives_its_function_and_the_lease_outlives_the_run() -> None:
    machine = definition()
    resources = template()["Resources"]
    longest = 0
    for name, task in tasks(machine["States"]).items():
        function = "RecordResults" if name == "ReleaseLease" else name
        if function in resources:
            timeout = resources[function]["Properties"]["Timeout"]
            assert task["TimeoutSeconds"] > timeout, name
            longest = max(longest, timeout)
    lease = machine["States"]["LoadTargets"]["Parameters"]["LeaseSeconds"]
    assert lease >= machine["TimeoutSeconds"] + longest


def test_a_run_ends_asking_in_time_to_record() -> None:
    machine = definition()
    states = tasks(machine["States"])
    reserve = states["ReserveCapacity"]
    assert reserve["Parameters"]["RunSeconds"] == RUN_SECONDS
    waits = [retry["IntervalSeconds"] for retry in reserve["Retry"]]
    # An attempt that began just in time dies, and the one after it finds the time up.
    longest = 2 * reserve["TimeoutSeconds"] + max(waits) + states["RecordResults"]["TimeoutSeconds"]
    assert RUN_SECONDS + longest <= machine["TimeoutSeconds"]


def test_the_history_has_room_for_a_run_in_which_everything_fails_as_often_as_it_can() -> None:
    reserve = tasks(definition()["States"])["ReserveCapacity"]
    attempts = 1 + sum(retry["MaxAttempts"] for retry in reserve["Retry"])
    # Scheduled, started and failed; around them the iteration, the task and the state that catches begin and end.
    events = MAX_SHORTFALLS * (3 * attempts + 6)
    assert events < 0.9 * 25_000


def test_the_attempts_at_a_dry_pool_are_spread_evenly_over_the_minute() -> None:
    (retry,) = [
        retry
        for retry in tasks(definition()["States"])["ReserveCapacity"]["Retry"]
        if "InsufficientInstanceCapacity" in retry["ErrorEquals"]
    ]
    assert retry == {
        "ErrorEquals": ["InsufficientInstanceCapacity"],
        "IntervalSeconds": 15,
        "MaxAttempts": 3,
        "BackoffRate": 1,
    }
