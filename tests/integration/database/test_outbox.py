"""Mails and events that were refused, from the run that wrote them to the one that sends them."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

import record_results
from odcr.domain.events import MAX_ENTRIES, events_of
from odcr.domain.outbox import MAX_BYTES, Stream, Waiting
from odcr.domain.outcome import Outcome, Recorded, Status
from odcr.domain.target import TargetKey
from odcr.domain.wire import MAX_STATE_BYTES
from odcr.gateways.lease import take_lease
from odcr.gateways.outbox import next_to_send, put_in_outbox, remove_from_outbox

CONTEXT: Any = SimpleNamespace(
    function_name="odcr", memory_limit_in_mb=256, invoked_function_arn="arn", aws_request_id="test"
)
KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
MAX_WAITING, MAX_SENT = Stream.MAILS.max_waiting, Stream.MAILS.max_sent
BUS = "bus"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_NAME", "odcr")
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    monkeypatch.delenv("EVENT_BUS_NAME", raising=False)


@pytest.fixture(autouse=True)
def _without_a_price(transaction: Any) -> None:
    """The price list was asked, so nobody asks it at once."""
    with transaction() as cursor:
        cursor.execute(
            "INSERT INTO odcr_price (InstanceType, Region, Source) VALUES ('r5b.2xlarge', 'ap-northeast-1', 'list'), "
            "('m5.large', 'us-east-1', 'list'), ('c5.large', 'us-east-1', 'list')"
        )


def put(transaction: Any, execution: str, *texts: str) -> None:
    with transaction() as cursor:
        put_in_outbox(cursor, execution, [{"Subject": "S", "Message": text} for text in texts], events=[])


def waiting(transaction: Any, execution: str = "later") -> list[str]:
    with transaction() as cursor:
        return [one.to_item(execution, "")["Message"] for one in next_to_send(cursor, with_events=False)]


def record(transaction: Any, execution: str, status: Status | None) -> dict[str, Any]:
    """What RecordResults says of a run, in which a target came to a status."""
    with transaction() as cursor:
        assert take_lease(cursor, execution, 60)
    outcomes = [Outcome(KEY, status, 15, 15 if status.is_met else 4, calls=1).to_event()] if status else []
    return send(execution, **results(*outcomes))


def results(*outcomes: dict[str, Any], is_next: bool = False, is_left: bool = False) -> dict[str, Any]:
    return {
        "Branches": [[{"Outcome": outcome} for outcome in outcomes]],
        "Next": is_next,
        "Failures": 0,
        "Observed": [],
        "Rejected": [],
        "Left": is_left,
    }


def send(execution: str, **event: Any) -> dict[str, Any]:
    result: dict[str, Any] = record_results.handler({"Execution": execution, **event}, CONTEXT)
    return result


def test_sent_message_is_removed(transaction: Any) -> None:
    (message,) = record(transaction, "run-1", Status.SHORT)["Announcements"]
    assert message["Subject"] == "EC2 capacity odcr/ap-northeast-1: 1 SHORT"
    assert message["Message"].startswith("odcr/ap-northeast-1: the status of 1 target(s) changed.")
    # A state that is repeated has no further effect.
    for _ in range(2):
        assert send("run-1", Announced=message["Id"]) == {"Changes": [], "Announcements": []}
    assert record(transaction, "run-2", None)["Announcements"] == []


def test_later_run_sends_refused_messages_before_its_own(transaction: Any) -> None:
    (refused,) = record(transaction, "run-1", Status.SHORT)["Announcements"]
    # A run without changes of its own sends it as well.
    (late,) = record(transaction, "run-2", None)["Announcements"]
    assert (late["Id"], late["Subject"]) == (refused["Id"], refused["Subject"])
    assert "when it could not be sent" in late["Message"]
    assert late["Message"].endswith(refused["Message"])
    first, second = record(transaction, "run-3", Status.FULFILLED)["Announcements"]
    assert first == late
    assert second["Subject"] == "EC2 capacity odcr/ap-northeast-1: 1 FULFILLED"
    assert "could not be sent" not in second["Message"]


def test_repeated_recording_adds_no_second_message(transaction: Any) -> None:
    first = record(transaction, "run-1", Status.SHORT)
    assert first["Announcements"] != []
    assert send("run-1", **results()) == first


def test_unrecorded_results_are_not_announced(transaction: Any) -> None:
    def record_and_die() -> None:
        with transaction() as cursor:
            put_in_outbox(cursor, "run-1", [{"Subject": "S", "Message": "never"}], events=[])
            raise RuntimeError("dies before the commit")

    with pytest.raises(RuntimeError, match="dies before the commit"):
        record_and_die()
    assert waiting(transaction) == []


def test_long_outage_keeps_the_newest_and_counts_the_dropped(transaction: Any) -> None:
    more = 7
    for number in range(MAX_WAITING + more):
        put(transaction, f"run-{number}", f"message {number}")
    first, second, *rest = waiting(transaction)
    assert first.startswith(f"{more} earlier message(s) could not be sent and were dropped")
    assert first.endswith(f"message {more}")
    assert second.endswith(f"message {more + 1}")
    assert "dropped" not in second
    assert len(rest) == MAX_SENT - 2
    with transaction() as cursor:
        cursor.execute("SELECT COUNT(*) FROM odcr_outbox")
        assert cursor.fetchall() == ((MAX_WAITING,),)


def test_messages_leave_in_order_even_if_runs_die(transaction: Any) -> None:
    texts = [f"message {number}" for number in range(2 * MAX_SENT + 3)]
    put(transaction, "run-1", *texts)
    sent: list[str] = []
    while True:
        with transaction() as cursor:
            messages = next_to_send(cursor, with_events=True)
        if not messages:
            break
        # Each run sends three and dies.
        for one in messages[:3]:
            sent.append(one.message)
            with transaction() as cursor:
                remove_from_outbox(cursor, one.id)
    assert sent == texts


def test_the_longest_messages_fit_between_two_states(transaction: Any) -> None:
    lines = ["早" * 1000 + '"' * 100] * 200
    put(transaction, "run-1", *["\n".join(lines)] * 3)
    result = record(transaction, "run-2", Status.SHORT)
    (message,) = result["Announcements"]
    assert len(json.dumps(result, ensure_ascii=False).encode()) < MAX_STATE_BYTES
    assert MAX_BYTES / 2 < len(message["Message"].encode()) < 262_144
    assert message["Message"].endswith("odcr_status has it.")


def test_a_line_of_any_length_fits(transaction: Any) -> None:
    put(transaction, "run-1", "x" * 2 * MAX_BYTES, "after it")
    long, after = waiting(transaction, "run-1")
    assert len(long) < MAX_BYTES
    assert after == "after it"


SHORT = Outcome(KEY, Status.SHORT, 15, 4, calls=1).to_event()
MET = Outcome(KEY, Status.FULFILLED, 15, 15, calls=1).to_event()


@pytest.mark.parametrize(
    ("recorded", "follows"),
    [
        (results(SHORT, is_next=True), True),
        (results(SHORT), False),
        (results(MET, is_next=True), False),
        (results(MET, is_next=True, is_left=True), True),
        # One whose turn did not come.
        (results(MET, {}, is_next=True), True),
        (results(MET, {}), False),
    ],
    ids=["short", "short, schedule off", "met", "met, others left", "one not asked for", "one not asked for, off"],
)
def test_next_run_is_started_first_while_something_is_short(
    transaction: Any, recorded: dict[str, Any], follows: bool
) -> None:
    with transaction() as cursor:
        assert take_lease(cursor, "run-1", 60)
    put(transaction, "run-0", "earlier")
    announcements = send("run-1", **recorded)["Announcements"]
    assert [one for one in announcements if "NextRun" in one] == ([{"NextRun": True, "Failures": 0}] if follows else [])
    assert announcements[follows]["Message"].endswith("earlier")
    # A state that is repeated says the same.
    assert send("run-1", **recorded)["Announcements"] == announcements


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", BUS)


def gain(transaction: Any, execution: str, *outcomes: Outcome) -> list[dict[str, Any]]:
    """What a run is to send in which targets gained."""
    with transaction() as cursor:
        assert take_lease(cursor, execution, 60)
    announced = send(execution, **results(*(one.to_event() for one in outcomes)))["Announcements"]
    return list(announced)


def gained(number: int = 3, **more: Any) -> Outcome:
    return Outcome(KEY, Status.SHORT, 15, 4 + number, ("cr-1",), acquired=number, calls=1, **more)


def kinds(announced: list[dict[str, Any]]) -> list[str]:
    """Of each item what it has: the types of its events, or `mail`."""
    return [
        ", ".join(one["DetailType"] for one in item["Entries"]) if "Entries" in item else "mail" for item in announced
    ]


@pytest.mark.usefixtures("bus")
def test_run_sends_events_for_gains_losses_and_releases(transaction: Any) -> None:
    others = [
        Outcome(TargetKey("m5.large", "us-east-1a"), Status.FULFILLED, 4, 4, ("cr-2",), acquired=-2, calls=1),
        Outcome(TargetKey("c5.large", "us-east-1a"), Status.SHORT, 4, 0),
    ]
    mail, events = gain(transaction, "run-1", gained(3, lost=2), *others)
    assert kinds([mail, events]) == ["mail", "Capacity Lost, Capacity Gained, Capacity Released"]
    lost, got, _ = (one["Detail"] for one in events["Entries"])
    assert (lost["Lost"], got["Acquired"], got["Reserved"]) == (2, 3, 7)
    assert {one["EventBusName"] for one in events["Entries"]} == {BUS}
    with transaction() as cursor:
        cursor.execute("SELECT DISTINCT DATE_FORMAT(Recorded, '%Y-%m-%dT%TZ') FROM odcr_outbox")
        assert cursor.fetchall() == ((got["Recorded"],),)
    # A state that is repeated says the same, and writes nothing.
    assert send("run-1", **results())["Announcements"] == [mail, events]


@pytest.mark.usefixtures("bus")
def test_unchanged_status_sends_events_but_no_mail(transaction: Any) -> None:
    for item in gain(transaction, "run-1", gained(1)):
        send("run-1", Announced=item["Id"])
    assert kinds(gain(transaction, "run-2", gained(2))) == ["Capacity Gained"]
    with transaction() as cursor:
        cursor.execute("DELETE FROM odcr_outbox")
    assert gain(transaction, "run-3", Outcome(KEY, Status.SHORT, 15, 6, ("cr-1",), calls=4)) == []


@pytest.mark.usefixtures("bus")
def test_refused_events_follow_newer_mails_unchanged(transaction: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mail, refused = gain(transaction, "run-1", gained(3))
    send("run-1", Announced=mail["Id"])
    monkeypatch.setenv("EVENT_BUS_NAME", "another")
    items = gain(transaction, "run-2", Outcome(KEY, Status.FULFILLED, 15, 15, ("cr-1",), acquired=8, calls=1))
    assert kinds(items) == ["mail", "Capacity Gained", "Capacity Gained"]
    (late,), (before,) = items[1]["Entries"], refused["Entries"]
    assert late == {**before, "EventBusName": "another"}
    assert items[2]["Entries"][0]["Detail"]["Acquired"] == 8


@pytest.mark.usefixtures("bus")
def test_refused_mails_follow_newer_events(transaction: Any) -> None:
    _, events = gain(transaction, "run-1", gained(3))
    send("run-1", Announced=events["Id"])
    assert kinds(gain(transaction, "run-2", gained(4))) == ["Capacity Gained", "mail"]


def test_without_a_bus_there_are_no_events_and_waiting_ones_are_deleted(
    transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENT_BUS_NAME", BUS)
    gain(transaction, "run-1", gained(3))
    monkeypatch.setenv("EVENT_BUS_NAME", "")
    assert kinds(gain(transaction, "run-2", gained(4))) == ["mail"]
    monkeypatch.setenv("EVENT_BUS_NAME", BUS)
    assert kinds(gain(transaction, "run-3", gained(4, lost=1))) == ["Capacity Lost, Capacity Gained", "mail", "mail"]


def test_each_stream_has_its_own_limits(transaction: Any) -> None:
    event = events_of("odcr/x", "run", [Recorded(gained(), 1, None)])[0]
    most, more = Stream.EVENTS.max_waiting, 2
    with transaction() as cursor:
        put_in_outbox(cursor, "run-1", [{"Subject": "S", "Message": "the only mail"}], events=[])
        for _ in range(2):
            put_in_outbox(cursor, "run-1", [], [event] * (MAX_ENTRIES * (most + more) // 2))
        rows = next_to_send(cursor, with_events=True)
    mails = [row for row in rows if row.stream is Stream.MAILS]
    first, *rest = (row for row in rows if row.stream is Stream.EVENTS)
    assert [mail.message for mail in mails] == ["the only mail"]
    assert len(rest) == Stream.EVENTS.max_sent - 1
    # Counted in events, not in rows.
    assert [row.dropped for row in (first, *rest)] == [more * MAX_ENTRIES, *(0 for _ in rest)]
    assert first.to_item("run-1", BUS)["Entries"][0]["Detail"]["Dropped"] == more * MAX_ENTRIES


def test_the_largest_events_fit_between_two_states(transaction: Any) -> None:
    ids = tuple(f"cr-{number:017x}" for number in range(600))
    event = events_of(
        "odcr/x", "run", [Recorded(Outcome(KEY, Status.SHORT, 1, 1, ids, acquired=1, reason="早" * 190), 1, None)]
    )[0]
    with transaction() as cursor:
        put_in_outbox(cursor, "run-0", [], [event] * 30)
        rows: list[Waiting] = next_to_send(cursor, with_events=True)
    assert sum(row.events for row in rows) == 30
    result = record(transaction, "run-1", Status.SHORT)
    assert len(json.dumps(result, ensure_ascii=False).encode()) < MAX_STATE_BYTES
