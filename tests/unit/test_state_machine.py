"""The state machine against cfn-lint, the functions and the template."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from botocore.session import Session

from load_targets import DEFAULT_LEASE_SECONDS
from odcr.domain.comparison import MAX_SHORTFALLS
from odcr.domain.outcome import Outcome, Status
from odcr.domain.refusal import Refusal
from odcr.domain.target import TargetKey
from odcr.gateways.database import LoginRefused
from odcr.gateways.schema import TablesOutdated, TablesTooNew
from reserve_capacity import RUN_SECONDS
from tests.cfn_lint import cfn_lint

ROOT = Path(__file__).parents[2]
STARTING_SECONDS = 10
"""That Lambda may take to start a function, and does not count:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
PERIOD_SECONDS = 60
"""Between two starts."""
REFUSED_AT_ONCE = {"Lambda.TooManyRequestsException", "LoginRefused", "Sfn.ExecutionDoesNotExistException"}

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
        "RunArnPrefix": "arn:aws:states:us-east-1:123456789012:execution:odcr",
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


def test_a_refused_login_and_older_tables_are_repaired_once_and_then_fail_the_run() -> None:
    states = definition()["States"]
    caught = {name: catch["Next"] for catch in states["LoadTargets"]["Catch"] for name in catch["ErrorEquals"]}
    repaired = {LoginRefused.__name__, TablesOutdated.__name__}
    assert caught == {**dict.fromkeys(repaired, "WasDatabasePrepared"), "States.ALL": "ReleaseLease"}
    # What is repeated is caught only afterwards.
    assert repaired <= not_repeated("LoadTargets")
    # What PrepareDatabase leaves behind is what keeps it from being run again: the way between the two has no loop.
    mark = states["PrepareDatabase"]["ResultPath"]
    assert states["WasDatabasePrepared"]["Choices"] == [{"Variable": mark, "IsPresent": True, "Next": "ReleaseLease"}]
    assert states["WasDatabasePrepared"]["Default"] == "PrepareDatabase"
    assert states["PrepareDatabase"]["Next"] == "LoadTargets"
    assert {catch["ResultPath"] for catch in states["LoadTargets"]["Catch"]} == {"$.Failure"} != {mark}
    assert [
        name for name, state in states.items() if "PrepareDatabase" in (state.get("Next"), state.get("Default"))
    ] == ["WasDatabasePrepared"]


def test_results_wait_until_the_next_run_has_prepared_the_database() -> None:
    (retry,) = [
        one for one in tasks(definition()["States"])["RecordResults"]["Retry"] if "LoginRefused" in one["ErrorEquals"]
    ]
    assert retry["ErrorEquals"] == ["LoginRefused", "TablesOutdated"]
    assert sum(waits(retry)) > 60


def test_the_states_catch_exactly_the_errors_that_the_function_raises() -> None:
    outcome = Outcome(TargetKey("r5b.2xlarge", "ap-northeast-1c"), Status.FAILED, 15, 4)
    errors = [refusal for refusal in Refusal.__subclasses__() if refusal.is_error]
    raised = {type(error("Code", "message").ending(outcome)).__name__ for error in errors}
    assert raised <= set(tasks(definition()["States"])["ReserveCapacity"]["Catch"][0]["ErrorEquals"])
    assert raised - not_repeated("ReserveCapacity") == {"RequestLimitExceeded", "OutcomeUnknown"}


def test_every_retrier_list_ends_with_all_errors_and_names_what_is_not_repeated() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
    for name, task in tasks(definition()["States"]).items():
        *others, last = task["Retry"]
        assert last["ErrorEquals"] == ["States.ALL"], name
        assert last["MaxAttempts"] > 0, name
        named = [error for retry in others for error in retry["ErrorEquals"]]
        assert len(named) == len(set(named)), name
        # Step Functions' own names: a wildcard before the last place would hide what stands after it.
        assert not [error for error in named if error.startswith("States.")], name


def not_repeated(name: str) -> set[str]:
    retriers = tasks(definition()["States"])[name]["Retry"]
    return {error for retry in retriers if retry["MaxAttempts"] == 0 for error in retry["ErrorEquals"]}


def test_what_asking_again_does_not_change_is_not_repeated() -> None:
    broken = {"InvalidEvent", "InvalidSettings"}
    database = broken | {"InvalidSecret", "CertificateNotTrusted", TablesTooNew.__name__}
    login_or_tables = {"LoginRefused", "TablesOutdated"}
    assert {name: not_repeated(name) for name in tasks(definition()["States"])} == {
        "LoadTargets": database | login_or_tables,
        "TakeLease": database | login_or_tables,
        "PrepareDatabase": database | {"LoginRefused", "DatabaseNotPrepared"},
        "AskAboutHolder": set(),
        "FindShortfalls": broken,
        "ReserveCapacity": broken | {"QuotaExceeded", "InvalidTarget", "RequestRefused"},
        "RecordResults": database | {"LeaseLost"},
        "ReleaseLease": database | login_or_tables,
        "PublishAnnouncement": set(),
        "ClearAnnouncement": database | login_or_tables,
    }


def test_throttled_functions_are_repeated_for_three_minutes_once_the_lease_is_held() -> None:
    for name in ("FindShortfalls", "RecordResults", "ReleaseLease", "ClearAnnouncement"):
        assert sum(waits(retrier(name, "Lambda.TooManyRequestsException"))) >= 180, name


def retrier(name: str, error: str) -> dict[str, Any]:
    """The first that takes the error, as Step Functions chooses it."""
    retriers = tasks(definition()["States"])[name]["Retry"]
    return next(one for one in retriers if {error, "States.ALL"} & {*one["ErrorEquals"]})


def waits(retry: dict[str, Any]) -> list[float]:
    """Seconds before each repeat, at most."""
    return [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** number, retry.get("MaxDelaySeconds", 1e9))
        for number in range(retry["MaxAttempts"])
    ]


def at_worst(*names: str) -> float:
    """Seconds that states take together if everything goes wrong as often as it can, and takes as long as it can."""
    machine = tasks(definition()["States"])
    seconds = 0.0
    for name in names:
        limit = machine[name]["TimeoutSeconds"]
        seconds += limit
        for retry in machine[name]["Retry"]:
            each = 1 if REFUSED_AT_ONCE & {*retry["ErrorEquals"]} else limit
            seconds += sum(wait + each for wait in waits(retry))
    return seconds


def function_of(name: str) -> str:
    """The function that a state runs."""
    others = {"ReleaseLease": "RecordResults", "ClearAnnouncement": "RecordResults", "TakeLease": "LoadTargets"}
    return others.get(name, name)


def test_a_task_outlives_its_function_and_the_lease_outlives_the_run() -> None:
    machine = definition()
    resources = template()["Resources"]
    longest = 0
    for name, task in tasks(machine["States"]).items():
        if (function := function_of(name)) in resources:
            timeout = resources[function]["Properties"]["Timeout"]
            assert task["TimeoutSeconds"] > timeout + STARTING_SECONDS, name
            longest = max(longest, timeout)
    for name in ("LoadTargets", "TakeLease"):
        lease = machine["States"][name]["Parameters"]["LeaseSeconds"]
        assert lease == DEFAULT_LEASE_SECONDS >= machine["TimeoutSeconds"] + STARTING_SECONDS + longest


def test_a_dead_holder_s_lease_is_taken_as_soon_as_its_functions_are_dead_as_well() -> None:
    waited = definition()["States"]["HolderHasEnded"]["Seconds"]
    limit = template()["Resources"]["ReserveCapacity"]["Properties"]["Timeout"]
    assert waited == limit + STARTING_SECONDS
    # The next start is at most a minute away, and has then almost a minute to spare.
    assert PERIOD_SECONDS + waited <= limit + 120


def test_the_state_machine_may_ask_about_its_own_executions_only() -> None:
    machine = template()["Resources"]["AcquireCapacity"]["Properties"]
    (asking,) = [
        statement
        for policy in machine["Policies"]
        for statement in policy["Statement"]
        if "states:DescribeExecution" in statement["Action"]
    ]
    prefix = machine["DefinitionSubstitutions"]["RunArnPrefix"]["Sub"]
    assert prefix.endswith(":execution:${AWS::StackName}")
    assert machine["Name"] == {"Ref": "AWS::StackName"}
    assert asking == {
        "Effect": "Allow",
        "Action": "states:DescribeExecution",
        "Resource": {"Sub": f"{prefix}:*"},
    }


def test_an_unknown_holder_is_asked_about_until_its_lease_is_older_than_a_minute() -> None:
    assert sum(waits(retrier("AskAboutHolder", "Sfn.ExecutionDoesNotExistException"))) > 60
    caught = {one["ErrorEquals"][0]: one["Next"] for one in tasks(definition()["States"])["AskAboutHolder"]["Catch"]}
    assert caught == {"Sfn.ExecutionDoesNotExistException": "HolderHasEnded", "States.ALL": "HolderUnknown"}


def test_only_a_holder_at_work_lets_a_start_that_did_nothing_succeed() -> None:
    states = definition()["States"]
    lead_to = {
        name: [other for other, state in states.items() if f'"Next": "{name}"' in json.dumps(state)]
        for name, state in states.items()
        if state["Type"] == "Succeed"
    }
    assert lead_to == {"AnotherRunIsActive": ["IsHolderAtWork"]}
    at_work, ended = states["IsHolderAtWork"]["Choices"]
    assert (at_work["Variable"], at_work["StringEquals"]) == ("$.HolderRun.Status", "RUNNING")
    described = Session().get_service_model("stepfunctions").shape_for("ExecutionStatus").enum
    ends = {one["StringEquals"] for one in ended["Or"] if one["Variable"] == "$.HolderRun.Status"}
    # That one is of runs that a Map started: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionListItem.html
    assert {"RUNNING", *ends} == set(described) - {"PENDING_REDRIVE"}
    assert ended["Next"] == "HolderHasEnded"
    assert states["IsHolderAtWork"]["Default"] == "HolderUnknown"
    assert states["HolderUnknown"]["Type"] == "Fail"


def test_a_run_ends_asking_in_time_to_record() -> None:
    machine = definition()
    reserve = tasks(machine["States"])["ReserveCapacity"]
    assert reserve["Parameters"]["RunSeconds"] == RUN_SECONDS
    longest_wait = max(wait for retry in reserve["Retry"] for wait in waits(retry))
    # An attempt that began just in time dies, and the one after it finds the time up.
    last_attempts = 2 * reserve["TimeoutSeconds"] + longest_wait
    assert RUN_SECONDS + last_attempts + at_worst("RecordResults", "ReleaseLease") <= machine["TimeoutSeconds"]


def test_a_run_that_needs_every_repeat_before_it_asks_still_records_or_releases() -> None:
    machine = definition()
    before = at_worst("LoadTargets", "PrepareDatabase", "LoadTargets", "AskAboutHolder", "TakeLease", "FindShortfalls")
    before += machine["States"]["HolderHasEnded"]["Seconds"]
    assert before > RUN_SECONDS
    # The time to ask is up, so that each item is one short attempt.
    asking = tasks(machine["States"])["ReserveCapacity"]["TimeoutSeconds"]
    for end in ("RecordResults", "ReleaseLease"):
        assert before + asking + at_worst(end) <= machine["TimeoutSeconds"]


def test_two_runs_in_a_row_that_time_out_raise_the_alarm() -> None:
    machine = definition()
    alarm = template()["Resources"]["RunsFailAlarm"]["Properties"]
    assert alarm["DatapointsToAlarm"] == 2
    apart = machine["TimeoutSeconds"] + PERIOD_SECONDS + machine["States"]["HolderHasEnded"]["Seconds"]
    assert alarm["EvaluationPeriods"] * 60 > apart


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
