"""The state machine against the functions and the template."""

import json
import re
from typing import Any

from odcr.domain import refusal
from odcr.domain.outcome import Outcome, Status
from odcr.domain.pace import RESERVED_SECONDS
from odcr.domain.target import TargetKey
from odcr.gateways.database import LoginRefused
from odcr.gateways.schedule import MAX_FAILURES
from odcr.gateways.schema_versions import TablesOutdated, TablesTooNew
from tests.paths import ROOT
from tests.template import written_template

STARTING_SECONDS = 10
"""How long Lambda may take to start a function, which its timeout does not include:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
PERIOD_SECONDS = 60
"""Seconds between two starts by the schedule."""
DEFINITION_FILE = ROOT / "statemachine" / "acquire_capacity.asl.json"


def definition() -> dict[str, Any]:
    return json.loads(DEFINITION_FILE.read_text())


def processors(states: dict[str, Any]) -> list[dict[str, Any]]:
    """The ItemProcessor of each Map, including Maps inside Maps."""
    outer = [state["ItemProcessor"] for state in states.values() if state["Type"] == "Map"]
    return [*outer, *(inner for processor in outer for inner in processors(processor["States"]))]


def tasks(states: dict[str, Any]) -> dict[str, Any]:
    """Every Task by name, including those inside Maps."""
    by_name = {name: state for name, state in states.items() if state["Type"] == "Task"}
    for state in states.values():
        if state["Type"] == "Map":
            by_name |= tasks(state["ItemProcessor"]["States"])
    return by_name


def without_processors(machine: dict[str, Any]) -> dict[str, Any]:
    """The machine with only its own level of states."""
    states = {
        name: {field: value for field, value in state.items() if field != "ItemProcessor"}
        for name, state in machine["States"].items()
    }
    return {**machine, "States": states}


def test_every_next_state_exists_and_every_state_is_reached() -> None:
    for machine in (definition(), *processors(definition()["States"])):
        # cfn-lint does not check that the state of a Next exists.
        targets = set(re.findall(r'"(?:StartAt|Next|Default)": "(\w+)"', json.dumps(without_processors(machine))))
        assert targets == set(machine["States"])


def test_every_function_has_its_state() -> None:
    functions = {
        name
        for name, resource in written_template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    # UpdatePrices calls the first two, Secrets Manager the third and people the fourth.
    not_of_a_run = {"FetchPrices", "RecordPrices", "RotateSecret", "ManageTargets"}
    assert functions - not_of_a_run <= set(tasks(definition()["States"]))
    assert not_of_a_run < functions


def test_a_refused_login_and_older_tables_are_repaired_once_and_then_fail_the_run() -> None:
    states = definition()["States"]
    caught = {name: catch["Next"] for catch in states["LoadTargets"]["Catch"] for name in catch["ErrorEquals"]}
    repaired = {LoginRefused.__name__, TablesOutdated.__name__}
    assert caught == {**dict.fromkeys(repaired, "WasDatabasePrepared"), "States.ALL": "ReleaseLease"}
    # A repeated error would be caught only after all repeats.
    assert repaired <= not_repeated("LoadTargets")
    # PrepareDatabase leaves a mark that keeps it from running again, so there is no loop.
    mark = states["PrepareDatabase"]["ResultPath"]
    assert states["WasDatabasePrepared"]["Choices"] == [{"Variable": mark, "IsPresent": True, "Next": "ReleaseLease"}]
    assert states["WasDatabasePrepared"]["Default"] == "PrepareDatabase"
    assert states["PrepareDatabase"]["Next"] == "LoadTargets"
    assert {catch["ResultPath"] for catch in states["LoadTargets"]["Catch"]} == {"$.Failure"} != {mark}
    assert [
        name for name, state in states.items() if "PrepareDatabase" in (state.get("Next"), state.get("Default"))
    ] == ["WasDatabasePrepared"]


def test_results_wait_until_the_next_run_has_prepared_the_database() -> None:
    assert not {"LoginRefused", "TablesOutdated"} & not_repeated("RecordResults")
    assert sum(waits("RecordResults")) > 60


def test_the_states_catch_exactly_the_errors_that_the_function_raises() -> None:
    outcome = Outcome(TargetKey("r5b.2xlarge", "ap-northeast-1c"), Status.FAILED, 15, 4)
    errors = [kind for kind in refusal.Refusal.__subclasses__() if kind.is_error]
    raised = {type(error("Code", "message").ending(outcome)).__name__ for error in errors}
    reserve = tasks(definition()["States"])["ReserveCapacity"]
    assert set(reserve["Catch"][0]["ErrorEquals"]) == raised
    assert raised - not_repeated("ReserveCapacity") == {"RequestLimitExceeded", "OutcomeUnknown"}


def test_each_state_repeats_all_but_a_few_errors() -> None:
    """https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""
    for name, task in tasks(definition()["States"]).items():
        *others, last = task["Retry"]
        assert last["ErrorEquals"] == ["States.ALL"], name
        assert last["MaxAttempts"] > 0, name
        assert [retry["MaxAttempts"] for retry in others] in ([], [0]), name
        # A wildcard of Step Functions before the last place would hide the retriers after it.
        assert not [error for retry in others for error in retry["ErrorEquals"] if error.startswith("States.")], name
        assert len(not_repeated(name)) <= 8, name


def not_repeated(name: str) -> set[str]:
    retriers = tasks(definition()["States"])[name]["Retry"]
    return {error for retry in retriers if retry["MaxAttempts"] == 0 for error in retry["ErrorEquals"]}


def test_errors_that_repeating_cannot_fix_are_not_repeated() -> None:
    broken = {"InvalidEvent", "InvalidSettings"}
    database = broken | {"InvalidSecret", "CertificateNotTrusted", TablesTooNew.__name__}
    login_or_tables = {"LoginRefused", "TablesOutdated"}
    assert {name: not_repeated(name) for name in tasks(definition()["States"])} == {
        "LoadTargets": database | login_or_tables,
        "PrepareDatabase": database | {"LoginRefused", "DatabaseNotPrepared"},
        "FindShortfalls": broken,
        "ReserveCapacity": broken | {"QuotaExceeded", "InvalidTarget", "RequestRefused"},
        "RecordResults": database | {"LeaseLost"},
        "ReleaseLease": database | login_or_tables,
        "PublishAnnouncement": set(),
        "PutEvents": set(),
        "ClearAnnouncement": database | login_or_tables,
        "StartNextRun": set(),
        "StartRunAfterFailure": {"StepFunctions.ExecutionAlreadyExistsException"},
        "StartUpdatePrices": {"StepFunctions.ExecutionAlreadyExistsException"},
    }


def test_throttled_functions_are_repeated_for_more_than_a_minute() -> None:
    for name in ("LoadTargets", "FindShortfalls", "ReserveCapacity", "RecordResults", "ReleaseLease"):
        assert sum(waits(name)) > 60, name


def waits(name: str) -> list[float]:
    """Seconds before each repeat of a state, at most."""
    retry = tasks(definition()["States"])[name]["Retry"][-1]
    return [
        min(retry["IntervalSeconds"] * retry["BackoffRate"] ** number, retry["MaxDelaySeconds"])
        for number in range(retry["MaxAttempts"])
    ]


def test_an_attempt_looks_again_after_at_least_twenty_seconds() -> None:
    assert waits("ReserveCapacity")[0] >= 20


def timeout_of(function: str) -> int:
    timeout = written_template()["Resources"][function]["Properties"]["Timeout"]
    assert isinstance(timeout, int)
    return timeout


def test_a_task_outlives_its_function() -> None:
    others = {"ReleaseLease": "RecordResults", "ClearAnnouncement": "RecordResults"}
    for name, task in tasks(definition()["States"]).items():
        if task["Resource"].startswith("${"):
            assert task["TimeoutSeconds"] > timeout_of(others.get(name, name)) + STARTING_SECONDS, name


def test_the_lease_expires_soon_after_the_run_s_last_request() -> None:
    """A run asks until AskSeconds after its start, so none of its requests is open when another run takes the lease."""
    states = definition()["States"]
    ask, lease = (
        states["FindShortfalls"]["Parameters"]["AskSeconds"],
        states["LoadTargets"]["Parameters"]["LeaseSeconds"],
    )
    assert ask + RESERVED_SECONDS + 30 <= lease
    # A run that dies with the lease keeps others from asking for at most four minutes.
    assert lease + PERIOD_SECONDS <= 240


def test_a_function_has_time_to_ask_for_the_whole_run() -> None:
    ask = definition()["States"]["FindShortfalls"]["Parameters"]["AskSeconds"]
    assert timeout_of("ReserveCapacity") >= ask + RESERVED_SECONDS


def test_results_are_recorded_and_the_table_is_read_every_two_minutes() -> None:
    ask = definition()["States"]["FindShortfalls"]["Parameters"]["AskSeconds"]
    assert ask <= 115
    assert definition()["States"]["ReserveShortfalls"]["Next"] == "RecordResults"


def test_a_run_that_did_nothing_succeeds_only_if_another_run_has_the_lease() -> None:
    states = definition()["States"]
    lead_to = {
        name: [other for other, state in states.items() if f'"Next": "{name}"' in json.dumps(state)]
        for name, state in states.items()
        if state["Type"] == "Succeed"
    }
    assert lead_to == {"AnotherRunIsActive": ["IsLeaseHeld"]}


def test_a_run_succeeds_even_if_update_prices_cannot_start() -> None:
    starting = tasks(definition()["States"])["StartUpdatePrices"]
    (catch,) = starting["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    states = definition()["States"]["AnnounceChanges"]["ItemProcessor"]["States"]
    assert states[catch["Next"]]["Type"] == "Succeed"


def test_a_run_may_start_only_its_own_state_machine_and_update_prices() -> None:
    machine = written_template()["Resources"]["AcquireCapacity"]["Properties"]
    (starting,) = [
        statement
        for policy in machine["Policies"]
        for statement in policy["Statement"]
        if "states:StartExecution" in statement.get("Action", ())
    ]
    assert machine["Name"] == {"Ref": "AWS::StackName"}
    own, prices = starting["Resource"]
    assert own["Fn::Sub"].endswith(":stateMachine:${AWS::StackName}")
    assert prices == {"Ref": "UpdatePrices"}
    for name in ("StartNextRun", "StartRunAfterFailure"):
        assert tasks(definition()["States"])[name]["Parameters"]["StateMachineArn.$"] == "$$.StateMachine.Id"


def test_the_next_run_does_not_wait_for_messages_that_are_refused() -> None:
    item = definition()["States"]["AnnounceChanges"]["ItemProcessor"]
    assert item["StartAt"] == "IsNextRun"
    assert item["States"]["StartNextRun"].get("End")


def test_a_run_that_fails_is_followed_by_another_if_no_person_started_it() -> None:
    states = definition()["States"]
    (choice,) = states["IsRunToFollow"]["Choices"]
    assert states["ReleaseLease"]["Next"] == states["ReleaseLease"]["Catch"][0]["Next"] == "IsRunToFollow"
    # Otherwise, nothing would follow a run that cannot start the next one until the schedule does.
    assert states["AnnounceChanges"]["Catch"][0]["Next"] == "IsRunToFollow"
    assert states["IsRunToFollow"]["Default"] == "RunFailed"
    assert states[choice["Next"]]["Seconds"] == 60
    is_counted, is_early = choice["And"]
    assert {is_counted["Variable"], is_early["Variable"]} == {"$$.Execution.Input.Failures"}
    assert is_early["NumericLessThan"] == MAX_FAILURES
    # The schedule and StartNextRun set the count, and a failed run adds to it.
    schedule = written_template()["Resources"]["AcquireCapacity"]["Properties"]["Events"]["EveryPeriod"]["Properties"]
    assert json.loads(schedule["Input"]) == {"Failures": 0}
    assert tasks(states)["StartNextRun"]["Parameters"]["Input"]["Failures.$"] == "$.Failures"
    again = states["StartRunAfterFailure"]["Parameters"]["Input"]
    assert again["Failures.$"] == "States.MathAdd($$.Execution.Input.Failures, 1)"


def test_two_runs_in_a_row_that_time_out_raise_the_alarm() -> None:
    alarm = written_template()["Resources"]["RunsFailAlarm"]["Properties"]
    assert alarm["DatapointsToAlarm"] == 2
    assert alarm["EvaluationPeriods"] * 60 > definition()["TimeoutSeconds"] + PERIOD_SECONDS
