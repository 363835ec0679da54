"""What `odcr check` sees, and what it says to do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from odcr.domain.tags import ASKED_TAG, GROUP_TAG, MADE_TAG, OWNER_TAG, PROJECT_TAG
from odcr_cli.checks import concurrency, offers, quotas, rights, spending, supportability
from odcr_cli.checks.every import CHECKS, run
from odcr_cli.checks.line import Level, Line
from odcr_cli.checks.look import Look
from odcr_cli.checks.quotas import quota_of
from odcr_cli.checks.running import check_alarms, check_last_run, check_lease, check_schedule, check_subscription
from odcr_cli.checks.tables import check_dates, check_rows, check_version
from odcr_cli.commands.check import shown
from odcr_cli.main import Context, main
from odcr_cli.source import Run
from odcr_cli.trouble import Trouble
from tests.unit.answering import Answer, Answering
from tests.unit.looked_at import MACHINE, NOW, STACK, LookedAt

LARGE = {"InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a"}
TYPES = {"m5.large": 2, "m5.xlarge": 4, "p5.48xlarge": 192}
FUNCTION = "arn:aws:lambda:ap-northeast-1:123456789012:function:odcr-ManageTargets"
ROLE = "arn:aws:iam::123456789012:role/odcr-ReserveCapacity"


def stack(**parameters: str) -> Any:
    outputs = STACK.outputs | {"AlertTopicArn": "arn:aws:sns:x:1:t", "ManageTargetsFunction": FUNCTION}
    return type(STACK)(STACK.name, STACK.region, STACK.account, STACK.status, parameters, outputs)


def looked(
    answers: Mapping[str, Answer] | None = None,
    parameters: Mapping[str, str] | None = None,
    runs: Mapping[str, Run] | None = None,
    **tables: list[dict[str, Any]],
) -> Look:
    """A look at tables, whose account answers so."""
    source = LookedAt(dict(tables), dict(runs or {}), stack=stack(**(parameters or {})))
    account = Answering({"DescribeInstanceTypes": described_types} | dict(answers or {}))
    account.__dict__["stack"] = source.stack
    return Look(account, source)


def described_types(request: Mapping[str, Any]) -> dict[str, Any]:
    (names,) = (one["Values"] for one in request["Filters"])
    known = [name for name in names if name in TYPES]
    return {"InstanceTypes": [{"InstanceType": name, "VCpuInfo": {"DefaultVCpus": TYPES[name]}} for name in known]}


def one(lines: Any) -> Line:
    (line,) = lines
    assert isinstance(line, Line)
    return line


def row(count: int, key: Mapping[str, str] = LARGE) -> dict[str, Any]:
    return dict(key) | {"Target_Capacity": count}


def status(reserved: float, key: Mapping[str, str] = LARGE, **more: Any) -> dict[str, Any]:
    return dict(key) | {"Status": "SHORT", "Reserved": reserved, "Group_Name": ""} | more


# ---- Quotas ---------------------------------------------------------------------------------------------------------


def quota_answers(limit: float, running: int = 0, free: int = 0) -> dict[str, Answer]:
    return {
        "DescribeInstances": {"Reservations": [{"Instances": [{"InstanceType": "m5.large"}] * running}]},
        "DescribeCapacityReservations": {
            "CapacityReservations": [{"InstanceType": "m5.xlarge", "AvailableInstanceCount": free}]
        },
        "GetServiceQuota": {"Quota": {"Value": limit}},
    }


def test_running_instances_reservations_and_what_is_missing_count_in_the_quota() -> None:
    tables = {"odcr_capacity": [row(10)], "odcr_status": [status(4)]}
    # 5 x 2 run, 3 x 4 are reserved and unused, 6 x 2 are missing.
    line = one(quotas.check(looked(quota_answers(34, running=5, free=3), **tables)))
    assert (line.level, line.seen) == (Level.OK, "ap-northeast-1 Standard: 34 of 34 vCPUs after all is held.")
    line = one(quotas.check(looked(quota_answers(33, running=5, free=3), **tables)))
    assert line.level is Level.ERROR
    assert "short by 1" in line.seen
    assert "L-1216C47A in ap-northeast-1 to at least 34" in line.advice


def test_what_does_not_count_in_the_quota_is_left_out() -> None:
    others = [
        {"InstanceType": "m5.large", "InstanceLifecycle": "spot"},
        {"InstanceType": "m5.large", "InstanceLifecycle": "capacity-block"},
        {"InstanceType": "m5.large", "Placement": {"Tenancy": "host"}},
        {"InstanceType": "p5.48xlarge"},
    ]
    answers = quota_answers(2) | {"DescribeInstances": {"Reservations": [{"Instances": others}]}}
    line = one(quotas.check(looked(answers, odcr_capacity=[row(1)])))
    assert line.seen == "ap-northeast-1 Standard: 2 of 2 vCPUs after all is held."


def test_a_group_is_counted_once_and_by_its_hungriest_pool() -> None:
    tables = {
        "odcr_group": [{"Group_Name": "g", "TotalTargetCapacity": "6", "Unit": "instances"}],
        "odcr_group_member": [
            {"Group_Name": "g", "InstanceType": "m5.large", "AvailabilityZone": "ap-northeast-1a", "Weight": "1"},
            {"Group_Name": "g", "InstanceType": "m5.xlarge", "AvailabilityZone": "ap-northeast-1c", "Weight": "4"},
        ],
    }
    # Six of the small ones have 12 vCPUs, two of the large ones 8.
    assert "12 of 99" in one(quotas.check(looked(quota_answers(99), **tables))).seen


def test_a_quota_that_was_never_raised_is_read_from_the_defaults() -> None:
    answers = quota_answers(5) | {
        "GetServiceQuota": "NoSuchResourceException",
        "GetAWSDefaultServiceQuota": {"Quota": {"Value": 5.0}},
    }
    assert "2 of 5" in one(quotas.check(looked(answers, odcr_capacity=[row(1)]))).seen


def test_a_quota_that_may_not_be_asked_for_is_a_warning_with_the_right() -> None:
    answers = quota_answers(5) | {"GetServiceQuota": "AccessDeniedException"}
    line = one(quotas.check(looked(answers, odcr_capacity=[row(1)])))
    assert line.level is Level.WARNING
    assert "servicequotas:GetServiceQuota" in line.advice
    line = one(quotas.check(looked(answers | {"DescribeInstances": "UnauthorizedOperation"}, odcr_capacity=[row(1)])))
    assert "ec2:DescribeInstances" in line.advice


def test_every_type_that_botocore_knows_has_a_quota() -> None:
    model = boto3.client("ec2", region_name="us-east-1").meta.service_model
    types = model.shape_for("InstanceType").enum
    assert len(types) > 900
    assert all(name.startswith("mac") for name in types if quota_of(name) is None)
    families = {"m5.large": "Standard", "im4gn.large": "Standard", "is4gen.large": "Standard", "inf2.xlarge": "Inf"}
    families |= {"trn1.2xlarge": "Trn", "dl1.24xlarge": "DL", "vt1.3xlarge": "G and VT", "gr6.4xlarge": "G and VT"}
    families |= {"u-6tb1.metal": "High Memory", "u7i-12tb.224xlarge": "High Memory", "x2gd.medium": "X"}
    families |= {"hpc7g.4xlarge": "HPC", "p5.48xlarge": "P", "f1.2xlarge": "F", "d3.xlarge": "Standard"}
    for name, family in families.items():
        quota = quota_of(name)
        assert quota is not None
        assert quota.name == family, name


# ---- Offers ---------------------------------------------------------------------------------------------------------

ZONES = {
    "AvailabilityZones": [
        {"ZoneName": "ap-northeast-1a", "ZoneId": "apne1-az4", "OptInStatus": "opt-in-not-required"},
        {"ZoneName": "ap-northeast-1c", "ZoneId": "apne1-az1", "OptInStatus": "opt-in-not-required"},
        {"ZoneName": "ap-northeast-1-tpe-1a", "ZoneId": "apne1-tpe1-az1", "OptInStatus": "not-opted-in"},
    ]
}
OFFERS = {"InstanceTypeOfferings": [{"InstanceType": "m5.large", "Location": "ap-northeast-1a"}]}


@pytest.mark.parametrize(
    ("zone", "level", "words"),
    [
        ("ap-northeast-1a", Level.OK, "offered"),
        ("apne1-az4", Level.OK, "offered"),
        ("ap-northeast-1c", Level.ERROR, "It is offered in ap-northeast-1a."),
        ("apne1-az1", Level.ERROR, "It is offered in ap-northeast-1a."),
        ("ap-northeast-1b", Level.ERROR, "Take one of ap-northeast-1-tpe-1a, ap-northeast-1a, ap-northeast-1c."),
        ("ap-northeast-1-tpe-1a", Level.ERROR, "Enable the zone group"),
        ("mars-north-1a", Level.ERROR, "no Region"),
    ],
)
def test_a_pool_that_cannot_be_is_said_with_what_could_be(zone: str, level: Level, words: str) -> None:
    answers: dict[str, Answer] = {"DescribeAvailabilityZones": ZONES, "DescribeInstanceTypeOfferings": OFFERS}
    line = one(offers.check(looked(answers, odcr_capacity=[row(1, LARGE | {"AvailabilityZone": zone})])))
    assert line.level is level
    assert words in f"{line.seen} {line.advice}"


# ---- Rights ---------------------------------------------------------------------------------------------------------


def simulated(decision: str = "allowed", **more: Any) -> Answer:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        (action,) = request["ActionNames"]
        return {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": decision} | more]}

    return answer


def rights_lines(create: Answer, simulate: Answer | None = None, **tables: list[dict[str, Any]]) -> list[Line]:
    answers: dict[str, Answer] = {
        "CreateCapacityReservation": create,
        "GetFunctionConfiguration": {"Role": ROLE},
        "SimulatePrincipalPolicy": simulate or simulated(),
    }
    return list(rights.check(looked(answers, {"ReservationTags": "Team=a"}, **({"odcr_capacity": [row(1)]} | tables))))


@pytest.mark.parametrize(
    ("code", "level", "words"),
    [
        ("DryRunOperation", Level.OK, "your dry run"),
        ("UnauthorizedOperation", Level.WARNING, "nothing of the function's role"),
        ("UnauthorizedOperation: explicit deny in a service control policy", Level.ERROR, "organization"),
        ("OptInRequired", Level.ERROR, "Enable the Region"),
        ("InvalidParameterValue", Level.ERROR, "m5.large ap-northeast-1a"),
    ],
)
def test_a_dry_run_says_whose_right_it_is(code: str, level: Level, words: str) -> None:
    yours, role = rights_lines(code)
    assert yours.level is level
    assert words in f"{yours.seen} {yours.advice}"
    assert (role.level, "The role of odcr-ReserveCapacity may" in role.seen) == (Level.OK, True)


def test_the_dry_run_has_the_tags_that_will_be_sent() -> None:
    look = looked(
        {"CreateCapacityReservation": "DryRunOperation"},
        {"ReservationTags": "Team=a,Cost=1"},
        odcr_capacity=[row(1)],
        odcr_option=[LARGE | {"Tags": '{"Team": "b"}'}],
    )
    list(rights.check(look))
    account = look.account
    assert isinstance(account, Answering)
    (request,) = (params for name, _, params in account.asked if name == "CreateCapacityReservation")
    assert request["DryRun"] is True
    tags = {tag["Key"]: tag["Value"] for tag in request["TagSpecifications"][0]["Tags"]}
    assert tags["Team"] == "b"
    assert tags["Cost"] == "1"
    assert tags[OWNER_TAG] == "odcr/ap-northeast-1"
    assert tags.keys() == {"Team", "Cost", OWNER_TAG, MADE_TAG, ASKED_TAG, *PROJECT_TAG}


def test_a_groups_tag_is_among_them() -> None:
    look = looked(
        {},
        odcr_group=[{"Group_Name": "g", "TotalTargetCapacity": "6"}],
        odcr_group_member=[LARGE | {"Group_Name": "g"}],
    )
    assert rights.tags_of(look, next(look.wanted()))[GROUP_TAG] == "g"


def test_what_the_role_may_not_do_is_an_error() -> None:
    _, *lines = rights_lines("DryRunOperation", simulated("implicitDeny"))
    assert {line.level for line in lines} == {Level.ERROR}
    assert len(lines) == 4
    denied = simulated("implicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False})
    assert "the organization denies it" in rights_lines("DryRunOperation", denied)[1].seen


def test_who_may_not_simulate_is_told_the_right() -> None:
    line = rights_lines("DryRunOperation", "AccessDenied")[1]
    assert line.level is Level.WARNING
    assert "iam:SimulatePrincipalPolicy" in line.advice


# ---- Concurrency, spending ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "reserved", "levels"),
    [(1000, None, [Level.OK]), (10, None, [Level.ERROR]), (1000, 3, [Level.OK, Level.ERROR])],
)
def test_lambda_has_room_for_the_map(free: int, reserved: int | None, levels: list[Level]) -> None:
    answers: dict[str, Answer] = {
        "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": free}},
        "GetFunctionConcurrency": {} if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }
    lines = list(concurrency.check(looked(answers, {"MapConcurrency": "40"})))
    assert [line.level for line in lines] == levels
    if free == 10:
        assert "MapConcurrency of 8" in lines[0].advice


def price(amount: str) -> dict[str, Any]:
    key = {"Region": "ap-northeast-1", "Platform": "Linux/UNIX", "Tenancy": "default"}
    return {"InstanceType": "m5.large", "Hourly_Price": amount} | key


@pytest.mark.parametrize(
    ("cap", "own", "prices", "level", "words"),
    [
        ("", None, [price("0.1")], Level.OK, "1.00 an hour; there is no MaxHourlySpend"),
        ("1", None, [price("0.1")], Level.OK, "within MaxHourlySpend of 1.00"),
        ("0.99", None, [price("0.1")], Level.ERROR, "at least 1.00"),
        ("", "0.5", [price("0.1")], Level.ERROR, "its cap is 0.50"),
        ("5", None, [], Level.ERROR, "no price is known"),
        ("", "5", [], Level.ERROR, "no price is known"),
        ("", None, [], Level.OK, "0.00"),
    ],
)
def test_caps_are_compared_with_what_is_wanted(
    cap: str, own: str | None, prices: list[dict[str, Any]], level: Level, words: str
) -> None:
    tables = {"odcr_capacity": [row(10)], "odcr_option": [LARGE | {"Max_Hourly_Cost": own}], "odcr_price": prices}
    lines = list(spending.check(looked({}, {"MaxHourlySpend": cap}, **tables)))
    assert lines[0].level is level
    assert words in f"{lines[0].seen} {lines[0].advice}"


# ---- Runs -----------------------------------------------------------------------------------------------------------


def scheduled(state: str = "ENABLED", start: datetime | None = None, end: datetime | None = None) -> Answer:
    dates = {key: value for key, value in (("StartDate", start), ("EndDate", end)) if value}
    return {"State": state, "ScheduleExpression": "rate(1 minute)"} | dates


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("schedule", "level", "words"),
    [
        (scheduled(), Level.OK, "rate(1 minute)"),
        (scheduled("DISABLED"), Level.ERROR, "ScheduleState ENABLED"),
        (scheduled(end=NOW - HOUR), Level.ERROR, "later ScheduleEnd"),
        (scheduled(start=NOW + HOUR), Level.WARNING, "No run starts before"),
    ],
)
def test_the_schedule_is_on(schedule: Answer, level: Level, words: str) -> None:
    line = one(check_schedule(looked({"GetSchedule": schedule})))
    assert line.level is level
    assert words in f"{line.seen} {line.advice}"


def test_a_deadline_after_the_campaigns_end_is_an_error() -> None:
    option = LARGE | {"Deadline": "2026-11-12 00:00:00"}
    look = looked({"GetSchedule": scheduled(end=NOW + HOUR)}, odcr_capacity=[row(1)], odcr_option=[option])
    assert [line.level for line in check_schedule(look)] == [Level.OK, Level.ERROR]


def ran(name: str, status: str, ago: timedelta = timedelta(minutes=1)) -> Run:
    described = {"name": name, "executionArn": f"{MACHINE}:{name}", "status": status, "startDate": NOW - ago}
    return Run(described, "{}", [])


@pytest.mark.parametrize(
    ("runs", "levels"),
    [
        ([], [Level.ERROR]),
        ([ran("a", "SUCCEEDED")], [Level.OK]),
        ([ran("a", "RUNNING"), ran("b", "SUCCEEDED")], [Level.OK]),
        ([ran("a", "RUNNING"), ran("b", "FAILED")], [Level.ERROR]),
        ([ran("a", "SUCCEEDED"), ran("b", "FAILED")], [Level.WARNING]),
        ([ran("a", "SUCCEEDED", HOUR)], [Level.ERROR]),
    ],
)
def test_the_last_run_is_young_and_succeeded(runs: list[Run], levels: list[Level]) -> None:
    look = looked(runs={run.described["name"]: run for run in runs})
    assert [line.level for line in check_last_run(look)] == levels


@pytest.mark.parametrize(
    ("holder", "expires", "level", "words"),
    [
        ("", NOW, Level.OK, "No run"),
        ("a", NOW + HOUR, Level.OK, "and runs"),
        ("b", NOW + HOUR, Level.WARNING, "is FAILED"),
        ("c", NOW - HOUR, Level.WARNING, "no run took it"),
    ],
)
def test_a_lease_that_nobody_will_give_back_is_seen(holder: str, expires: datetime, level: Level, words: str) -> None:
    lease = {"Name": "run", "Holder": holder, "Expires": f"{expires:%Y-%m-%d %H:%M:%S}"}
    look = looked(runs={"a": ran("a", "RUNNING"), "b": ran("b", "FAILED")}, odcr_lease=[lease])
    line = one(check_lease(look))
    assert line.level is level
    assert words in line.seen


@pytest.mark.parametrize(
    ("arns", "levels"),
    [
        ([], [Level.WARNING]),
        (["arn:aws:sns:x"], [Level.OK]),
        (["PendingConfirmation"], [Level.ERROR]),
        (["PendingConfirmation", "arn:aws:sns:x"], [Level.ERROR, Level.OK]),
    ],
)
def test_somebody_is_told(arns: list[str], levels: list[Level]) -> None:
    answer = {"Subscriptions": [{"SubscriptionArn": arn, "Endpoint": "a@example.com"} for arn in arns]}
    assert [line.level for line in check_subscription(looked({"ListSubscriptionsByTopic": answer}))] == levels


def test_raised_alarms_are_shown() -> None:
    alarms = [{"AlarmName": "odcr-no-run", "StateValue": state, "StateReason": "why"} for state in ("OK", "ALARM")]
    line = one(check_alarms(looked({"DescribeAlarms": {"MetricAlarms": alarms}})))
    assert (line.level, line.seen) == (Level.WARNING, "odcr-no-run is raised: why")


# ---- Tables ---------------------------------------------------------------------------------------------------------


def invoked(answer: Mapping[str, Any]) -> Answer:
    class Body:
        def read(self) -> bytes:
            return json.dumps(answer).encode()

    return {"Payload": Body()}


@pytest.mark.parametrize(
    ("tables", "code", "level"), [(2, 2, Level.OK), (1, 2, Level.ERROR), (3, 2, Level.ERROR), (None, 2, Level.ERROR)]
)
def test_the_tables_version_is_the_functions(
    monkeypatch: pytest.MonkeyPatch, tables: int | None, code: int, level: Level
) -> None:
    look = looked(odcr_version=[] if tables is None else [{"Version": 1}, {"Version": tables}])
    monkeypatch.setattr(look.account, "invoke", lambda *_: {"Rows": [], "Version": code})
    assert one(check_version(look)).level is level


def test_what_the_next_run_would_reject_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    look = looked(
        odcr_capacity=[row(1)],
        odcr_option=[LARGE | {"AvailabilityZone": "ap-northeast-1x"}],
        odcr_group=[{"Group_Name": "empty", "TotalTargetCapacity": "1"}],
        odcr_group_member=[LARGE | {"Group_Name": "lost"}],
    )
    rejected = [{"InstanceType": "m5.large", "AvailabilityZone": "x", "Reason": "No such\nzone."}]
    monkeypatch.setattr(look.account, "invoke", lambda *_: {"Targets": [], "Rejected": rejected})
    lines = list(check_rows(look))
    assert {line.level for line in lines} == {Level.ERROR}
    assert [line.seen.split(",")[0] for line in lines] == [
        "m5.large x: No such zone.",
        "odcr_option has m5.large ap-northeast-1x",
        "odcr_group_member has the group lost",
        "The group empty has no members.",
    ]


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"Deadline": "2026-11-10 20:00:00"}, "has passed"),
        ({"Start_At": "2026-11-12 00:00:00", "Deadline": "2026-11-11 00:00:00"}, "asking starts at"),
        ({"End_Date": "2026-11-10 20:00:00"}, "were to end"),
        ({"End_Date": "2026-11-11 00:00:00", "Deadline": "2026-11-12 00:00:00"}, "before the deadline"),
    ],
)
def test_dates_that_do_not_fit_are_said(option: dict[str, str], words: str) -> None:
    line = one(check_dates(looked(odcr_capacity=[row(1)], odcr_option=[LARGE | option])))
    assert words in line.seen
    assert line.level is not Level.OK


# ---- Scores, and all of them ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "level"),
    [("high", Level.OK), ("medium", Level.WARNING), ("low", Level.WARNING), ("unsupported", Level.ERROR)],
)
def test_ec2s_score_is_shown_where_the_account_has_it(score: str, level: Level) -> None:
    look = looked(
        {
            "DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneId": "apne1-az4"}]},
            "GetCapacityManagerSupportabilityScores": {"AggregateScore": score},
        },
        odcr_capacity=[row(7)],
    )
    line = one(supportability.check(look))
    assert line.level is level
    assert f"score for 7 more instances is {score}" in line.seen
    account = look.account
    assert isinstance(account, Answering)
    assert account.asked[-1][2]["CapacityAvailabilityZoneIds"] == ["apne1-az4"]


def test_without_the_plan_the_score_is_not_asked_for() -> None:
    line = one(supportability.check(looked({"DescribeAvailabilityZones": ZONES}, odcr_capacity=[row(7)])))
    assert line.level is Level.WARNING
    assert "Unified Operations" in line.advice


def test_whoever_may_do_nothing_gets_warnings_and_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    look = looked({"DescribeInstanceTypes": "UnauthorizedOperation"}, odcr_capacity=[row(7)])
    monkeypatch.setattr(look.account, "invoke", denied)
    lines = list(run(look))
    assert {line.check for line in lines} == set(CHECKS)
    of_the_account = [line for line in lines if line.check not in ("dates", "spending", "last run", "lease")]
    assert {line.level for line in of_the_account} == {Level.WARNING}


def denied(*_: Any) -> Any:
    raise Trouble("Invoke was refused")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits_the_width_and_steers_no_terminal(width: int) -> None:
    from rich.console import Console

    console = Console(width=width, record=True, file=None, force_terminal=False)
    lines = [Line("rows", Level.ERROR, "[red]x[/red] \x1b[2J " + "y" * 200, "[b]do[/b]")]
    with console.capture() as capture:
        console.print(shown(lines))
    text = capture.get()
    assert "\x1b" not in text
    assert "[red]x[/red]" in text
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize(
    ("level", "arguments", "code"),
    [
        (Level.OK, [], 0),
        (Level.WARNING, [], 0),
        (Level.WARNING, ["--strict"], 1),
        (Level.ERROR, [], 1),
    ],
)
def test_the_exit_code_says_how_bad_it_is(
    monkeypatch: pytest.MonkeyPatch, level: Level, arguments: list[str], code: int
) -> None:
    look = looked(odcr_capacity=[row(1)])
    monkeypatch.setattr(Context, "source", look.source)
    monkeypatch.setattr("odcr_cli.commands.check.run", lambda *_: [Line("rows", level, "seen", "do")])
    done = CliRunner(mix_stderr=False).invoke(main, ["--json", "check", *arguments])
    assert done.exit_code == code, done.output
    assert json.loads(done.stdout) == {"Lines": [{"Check": "rows", "Level": level, "Seen": "seen", "Advice": "do"}]}
    assert CliRunner().invoke(main, ["check", *arguments]).exit_code == code


def test_without_a_stack_it_could_not_check() -> None:
    done = CliRunner(mix_stderr=False).invoke(main, ["check", "--endpoint-url", "http://127.0.0.1:9"])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1


def test_now_is_the_sources_clock() -> None:
    assert looked().source.now() == datetime(2026, 11, 10, 21, 0, tzinfo=UTC)
