"""The beliefs of `make verify-on-aws`: documented, with a source, and the same as the product's."""

import errno
import io
import json
import re
import signal
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from odcr.gateways import ec2_errors
from odcr_cli.account import Place
from odcr_cli.checks.all_checks import CHECKS
from odcr_cli.checks.line import NotAsked
from odcr_cli.trouble import Trouble
from tests.documented import ROOT
from tests.scan.authorization import reference
from tests.unit.cli.fake_account import FakeAccount
from verify import cleanup, deployment
from verify.belief import Belief, Seen, Verdict, as_assumed
from verify.beliefs import all_beliefs, functions, refusals, reservations
from verify.beliefs.all_beliefs import BELIEFS
from verify.commands import main, verify
from verify.guard import MOST_AN_HOUR, Guard, GuardedAccount, PriceList, TooExpensive
from verify.masking import masked
from verify.progress import Progress, terminated_as_interrupted
from verify.report import markdown
from verify.subject import NotInTime, Subject

EC2 = boto3.client("ec2", region_name="us-east-1").meta.service_model
PAGE = (ROOT / "docs" / "how-to" / "verify.md").read_text(encoding="utf-8")


def test_the_page_explains_exactly_the_lines_of_the_table() -> None:
    sections = PAGE[PAGE.index("### The stack") :]
    begins = re.findall(r"^- ((?:\*\*.+?\*\*,?\s*)+):", sections, re.MULTILINE)
    explained = re.findall(r"\*\*(.+?)\*\*", "\n".join(begins))
    assert sorted(explained) == sorted(belief.name for belief in BELIEFS)
    assert len({belief.name for belief in BELIEFS}) == len(BELIEFS)


def test_the_page_has_every_check() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert rows[2:] == list(CHECKS)


def test_every_right_that_the_page_names_exists() -> None:
    table = PAGE[: PAGE.index("## What only an account can tell")]
    for service, action in re.findall(r"`([a-z0-9-]+):([A-Z]\w+)`", table):
        # botocore knows newer operations of EC2. Their rights have the same names.
        known = {*reference()[service]["privileges"], *(EC2.operation_names if service == "ec2" else ())}
        assert action in known, f"{service}:{action}"


@pytest.mark.parametrize("belief", BELIEFS, ids=lambda belief: belief.name)
def test_every_belief_has_a_source_and_says_what_to_change(belief: Belief) -> None:
    assert belief.source.startswith("https://docs.aws.amazon.com/")
    assert belief.assumes.endswith(".")
    for file in re.findall(r"\b[\w/-]+/[\w./]+\.(?:py|json|yaml|md)\b", belief.if_differs):
        assert (ROOT / file).is_file(), file


def test_the_error_codes_are_those_of_the_product() -> None:
    assert reservations._CHANGED < ec2_errors.CHANGED
    assert refusals._QUOTA < ec2_errors.QUOTA_REACHED
    assert refusals._NOT_OFFERED < ec2_errors.UNSUPPORTED | ec2_errors.NOT_OFFERED


def test_an_attempt_waits_as_long_as_describe_may_lag() -> None:
    machine = json.loads((ROOT / "statemachine" / "acquire_capacity.asl.json").read_text(encoding="utf-8"))
    branch = machine["States"]["ReserveShortfalls"]["ItemProcessor"]["States"]["ReserveBranch"]
    *_, repeated = branch["ItemProcessor"]["States"]["ReserveCapacity"]["Retry"]
    assert repeated["ErrorEquals"] == ["States.ALL"]
    assert repeated["IntervalSeconds"] >= reservations.LAG_SECONDS


def test_the_throwaway_stacks_parameters_are_the_templates() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for name in deployment.PARAMETERS:
        assert f"\n  {name}:\n    Type:" in template
    assert Decimal(deployment.PARAMETERS["MaxHourlySpend"]) == MOST_AN_HOUR


# ---- The guard ------------------------------------------------------------------------------------------------------


def guarded(hourly: str = "0.0052") -> GuardedAccount:
    account = GuardedAccount(Place("odcr-verify-0a1b2c", "eu-west-1", endpoint_url="http://127.0.0.1:9"))
    account.guard = Guard(lambda _: Decimal(hourly))
    return account


def create(account: GuardedAccount, count: int) -> None:
    account.client("ec2").create_capacity_reservation(
        InstanceType="t3.nano", InstancePlatform="Linux/UNIX", AvailabilityZone="eu-west-1a", InstanceCount=count
    )


@pytest.mark.parametrize(("hourly", "count"), [("0.61", 1), ("0.0052", 116), ("0.31", 2)])
def test_a_request_that_would_cost_over_a_cent_a_minute_is_not_sent(hourly: str, count: int) -> None:
    with pytest.raises(TooExpensive, match="the limit"):
        create(guarded(hourly), count)


@pytest.mark.parametrize(("hourly", "count"), [("0.60", 1), ("0.0052", 115)])
def test_a_request_that_costs_at_most_a_cent_a_minute_is_sent(hourly: str, count: int) -> None:
    with pytest.raises(Exception, match="Could not connect"):
        create(guarded(hourly), count)


def test_without_a_guard_nothing_is_bought() -> None:
    account = guarded()
    account.guard = None
    with pytest.raises(TooExpensive):
        create(account, 1)


def test_only_its_own_reservations_are_modified() -> None:
    account = guarded("0.30")
    ec2 = account.client("ec2")
    with pytest.raises(TooExpensive, match="was not made by the verification"):
        ec2.modify_capacity_reservation(CapacityReservationId="cr-other", InstanceCount=1)
    assert account.guard is not None
    account.guard.remember("cr-own", "t3.nano")
    with pytest.raises(TooExpensive, match="the limit"):
        ec2.modify_capacity_reservation(CapacityReservationId="cr-own", InstanceCount=3)
    with pytest.raises(Exception, match="Could not connect"):
        ec2.modify_capacity_reservation(CapacityReservationId="cr-own", InstanceCount=2)


def test_other_requests_that_cost_something_are_never_sent() -> None:
    ec2 = guarded().client("ec2")
    for request in (
        lambda: ec2.run_instances(MinCount=1, MaxCount=1, InstanceType="t3.nano"),
        lambda: ec2.create_nat_gateway(SubnetId="subnet-1"),
        lambda: ec2.purchase_capacity_block(CapacityBlockOfferingId="cb-1", InstancePlatform="Linux/UNIX"),
        lambda: ec2.allocate_hosts(AvailabilityZone="eu-west-1a"),
    ):
        with pytest.raises(TooExpensive, match="never sends"):
            request()


def test_the_guard_refuses_every_operation_of_ec2_that_is_not_harmless() -> None:
    allowed = []
    for name in EC2.operation_names:
        model = type("Model", (), {"name": name})
        try:
            Guard(lambda _: Decimal(1)).before({"InstanceType": "t3.nano", "InstanceCount": 1} | ANY_ID, model)
        except TooExpensive:
            continue
        allowed.append(name)
    changing = [name for name in allowed if not name.startswith(("Describe", "Get", "List"))]
    assert changing == ["CancelCapacityReservation"]


ANY_ID = {"CapacityReservationId": "cr-1"}


def product(amount: str, unit: str = "Hrs") -> str:
    dimension = {"unit": unit, "pricePerUnit": {"USD": amount}}
    return json.dumps({"terms": {"OnDemand": {"a": {"priceDimensions": {"b": dimension}}}}})


def test_the_highest_price_in_the_list_counts() -> None:
    products = [product("0.1"), product("0.2"), product("0"), product("9", "GB")]
    assert PriceList(FakeAccount({"GetProducts": {"PriceList": products}}))("t3.nano") == Decimal("0.2")


@pytest.mark.parametrize("products", [[], [product("0")], [json.dumps({"terms": {}})]])
def test_a_type_without_a_price_is_too_expensive(products: list[str]) -> None:
    with pytest.raises(TooExpensive, match="has no"):
        PriceList(FakeAccount({"GetProducts": {"PriceList": products}}))("t3.nano")


# ---- Asking, and the table ------------------------------------------------------------------------------------------


def believed(ask: Any, *, local: bool = True) -> Belief:
    return Belief("name", "It is so.", "https://docs.aws.amazon.com/x", "file.py", ask, local)


def raising(error: Exception) -> Any:
    def ask(*_: Any) -> Seen:
        raise error

    return ask


HERE = Subject(Place("odcr-verify-0a1b2c", "eu-west-1", endpoint_url="http://127.0.0.1:9"))
THERE = Subject(Place("odcr-verify-0a1b2c", "eu-west-1"))


@pytest.mark.parametrize(
    ("belief", "subject", "verdict"),
    [
        (believed(lambda _: as_assumed("yes")), HERE, Verdict.AS_ASSUMED),
        (believed(lambda _: as_assumed("yes"), local=False), HERE, Verdict.MEANS_NOTHING),
        (believed(lambda _: as_assumed("yes"), local=False), THERE, Verdict.AS_ASSUMED),
        (believed(raising(TooExpensive("expensive"))), HERE, Verdict.NOT_ASKED),
        (believed(raising(Trouble("trouble"))), HERE, Verdict.NOT_ASKED),
        (believed(raising(NotAsked("no right"))), HERE, Verdict.NOT_ASKED),
        (believed(raising(NotInTime("it did not come"))), HERE, Verdict.DIFFERS),
    ],
)
def test_every_error_becomes_an_answer(belief: Belief, subject: Subject, verdict: Verdict) -> None:
    assert all_beliefs.ask_belief(belief, subject).verdict is verdict


def test_the_table_is_valid_markdown_whatever_is_in_it() -> None:
    seen = Seen(Verdict.DIFFERS, "a | b\nc")
    text = markdown([(believed(None), seen)], {"Region": "eu-west-1"}, ["stack x"], stays=[])
    (row,) = [line for line in text.splitlines() if line.startswith("| name")]
    assert "a \\| b c" in row
    assert row.count(" | ") == 4
    assert row.endswith("| file.py |")
    assert "- Region: eu-west-1\n- 1 differs\n" in text
    assert text.endswith("- `stack x`\n")
    assert "Nothing was left." in markdown([], {}, [], stays=[])


# As https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html shows them.
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "User: arn:aws:sts::123456789012:assumed-role/Admin/jane.doe@example.com is not authorized to perform: x.",
            "User: arn:aws:sts::ACCOUNT:assumed-role/NAME is not authorized to perform: x.",
        ),
        ("by arn:aws-cn:iam::123456789012:user/team/jane.", "by arn:aws-cn:iam::ACCOUNT:user/NAME."),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::ACCOUNT:root"),
        ("cut: arn:aws:sts::12345", "cut: arn:aws:sts::ACCOUNT"),
        ("cut: arn:aws:sts::123456789012:assumed-role/Ad", "cut: arn:aws:sts::ACCOUNT:assumed-role/NAME"),
        (
            "arn:aws:states:eu-west-1:123456789012:execution:odcr-verify-0a1b2c-Acquire:x",
            "arn:aws:states:eu-west-1:ACCOUNT:execution:odcr-verify-0a1b2c-Acquire:x",
        ),
        ("s3://logs-123456789012-eu/x, account 1234-5678-9012", "s3://logs-ACCOUNT-eu/x, account ACCOUNT"),
        ("AROAJQABLZS4A3QDU576Q:jane@example.com, ASIAIOSFODNN7EXAMPLE", "NAME, NAME"),
        (
            "denied. Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6X",
            "denied. Encoded authorization failure message: ...",
        ),
        ("cr-01234567890123456 after 20.5 s, 1732672800000", "cr-01234567890123456 after 20.5 s, 1732672800000"),
    ],
)
def test_the_table_shows_neither_the_account_nor_the_caller(text: str, shown: str) -> None:
    assert masked(text) == shown
    table = markdown([(believed(None), Seen(Verdict.NOT_ASKED, text))], {"Asked": text}, [text], stays=[])
    assert table.count(shown) == 3
    assert shown == text or text not in table


def test_a_cold_start_is_read_from_the_report() -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
    line = "REPORT RequestId: 1\tDuration: 1.00 ms\tMax Memory Used: 50 MB\tInit Duration: 310.25 ms\t"
    match = functions._INIT.search(line)
    assert match is not None
    assert match[1] == "310.25"


def test_schedule_and_runs_are_deleted_before_the_reservations_they_make() -> None:
    order = [kind.name for kind in cleanup.KINDS]
    assert order[:4] == ["schedule", "run", "reservation", "stack"]
    assert order.index("stack") < order.index("log group")


@pytest.mark.parametrize("name", ["odcr", "production", "odcr-verify-", "odcr-verify-0a1b2c-more", "x"])
def test_only_stacks_of_a_verification_are_ever_deleted(name: str) -> None:
    done = CliRunner(mix_stderr=False).invoke(
        main, ["--clean-up", name, "--yes", "--endpoint-url", "http://127.0.0.1:9"]
    )
    assert done.exit_code == 2
    assert "was left alone" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminating_signal_is_an_interrupt(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
            signal.raise_signal(number)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)


def test_a_second_hang_up_does_not_end_the_clean_up() -> None:
    # The tests may have been started with SIGHUP ignored, as nohup does.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with terminated_as_interrupted():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminated_as_interrupted():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(errno.EIO, "the terminal is gone")])
def test_without_a_terminal_the_work_goes_on(error: OSError) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise error

    progress = Progress()
    progress.console.file = Gone()
    progress.line("one")
    progress.line("two")
    assert progress.console.quiet


# ---- What the SAM CLI leaves ----------------------------------------------------------------------------------------


SAM_STACK = {"StackName": deployment.SAM_STACK, "CreationTime": datetime(2026, 11, 10, tzinfo=UTC)}


def test_the_report_names_what_the_sam_cli_keeps() -> None:
    text = markdown([], {}, [], ["stack aws-sam-cli-managed-default with its bucket"])
    assert "- `stack aws-sam-cli-managed-default with its bucket`\n\nNothing else was left." in text
    assert "Nothing was left." not in text


@pytest.mark.parametrize(
    ("answer", "exists"),
    [
        ({"Stacks": [{"StackStatus": "CREATE_COMPLETE"} | SAM_STACK]}, True),
        ({"Stacks": [{"StackStatus": "DELETE_COMPLETE"} | SAM_STACK]}, False),
        ("ValidationError: Stack with id aws-sam-cli-managed-default does not exist", False),
    ],
)
def test_the_sam_clis_stack_is_looked_for(answer: Any, exists: bool) -> None:
    assert deployment.has_sam_stack(FakeAccount({"DescribeStacks": answer})) is exists


def test_the_sam_clis_stack_has_the_name_that_the_sam_cli_gives_it() -> None:
    from samcli.lib.bootstrap.bootstrap import SAM_CLI_STACK_NAME

    assert deployment.SAM_STACK == SAM_CLI_STACK_NAME


@pytest.mark.parametrize(
    ("bucket", "existed", "is_reported"), [("", [False, True], True), ("", [True, True], False), ("b", [True], False)]
)
def test_the_sam_clis_stack_is_reported_only_if_it_is_new(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bucket: str, existed: list[bool], is_reported: bool
) -> None:
    monkeypatch.setattr("verify.commands._prepare", raising(Trouble("enough")))
    monkeypatch.setattr("verify.commands.clean_up", lambda *_: [])
    monkeypatch.setattr(deployment, "has_sam_stack", lambda _: existed.pop(0))
    file = tmp_path / "table.md"
    subject = Subject(Place("odcr-verify-0a1b2c", "eu-west-1", endpoint_url="http://127.0.0.1:9"))
    verify(subject, Progress(), file, None, bucket)
    assert ("aws-sam-cli-managed-default" in file.read_text()) is is_reported
