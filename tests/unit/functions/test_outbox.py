"""In which order mails and events leave, and how much of them fits."""

import json
from datetime import datetime
from typing import Any

from odcr.domain.outbox import MAX_BYTES, Stream, Waiting, shortened, to_send
from odcr.domain.wire import ROOM, size_of

AT = datetime(2026, 11, 10, 23, 59, 7)  # noqa: DTZ001 - as the database gives it
DETAIL = {"DetailType": "Capacity Gained", "Detail": {"Id": "0"}}


def mail(number: int, execution: str = "now", text: str = "m") -> Waiting:
    return Waiting(number, execution, AT, "s", text, events=0, dropped=0)


def events(number: int, execution: str = "now", **more: Any) -> Waiting:
    return Waiting(number, execution, AT, "", json.dumps([{**DETAIL, **more}]), events=1, dropped=0)


def order(*rows: Waiting, execution: str = "now", room: int = ROOM) -> list[int]:
    return [item["Id"] for item in to_send(rows, execution, "bus", room)]


def test_mails_come_first_if_nothing_was_refused() -> None:
    assert order(events(1), mail(2), mail(3), events(4)) == [2, 3, 1, 4]


def test_a_stream_with_something_refused_comes_last_and_stays_in_order() -> None:
    assert order(mail(1, "before"), mail(2), events(3)) == [3, 1, 2]
    assert order(events(1, "before"), mail(2), events(3)) == [2, 1, 3]


def test_each_of_two_refused_streams_comes_first_in_some_run() -> None:
    """So one that is refused for ever keeps the other waiting for some runs and not for ever."""
    rows = (mail(1, "before"), events(2, "before"))
    orders = [tuple(order(*rows, execution=f"run-{number}")) for number in range(20)]
    assert set(orders) == {(1, 2), (2, 1)}
    assert orders == [tuple(order(*rows, execution=f"run-{number}")) for number in range(20)]


def test_an_item_is_what_its_task_needs() -> None:
    sent = to_send([mail(1), events(2)], "now", "bus", ROOM)
    assert sent == [
        {"Id": 1, "Subject": "s", "Message": "m"},
        {
            "Id": 2,
            "Entries": [
                {
                    "Source": "odcr",
                    "DetailType": "Capacity Gained",
                    "Detail": {"Id": "0", "Recorded": "2026-11-10T23:59:07Z"},
                    "EventBusName": "bus",
                }
            ],
        },
    ]


def test_an_event_does_not_change_while_it_waits() -> None:
    (now,) = to_send([events(2, "before")], "before", "bus", ROOM)
    (late,) = to_send([events(2, "before")], "now", "bus", ROOM)
    assert late == now


def test_one_row_of_any_size_of_each_stream_fits() -> None:
    large = {"Detail": {"Reason": "x" * MAX_BYTES}}
    # Of an older version, with the limit that it had.
    rows = [mail(1, text="\n".join(["y" * 1000] * 200)), mail(2), events(3, **large), events(4)]
    sent = to_send(rows, "now", "bus", ROOM)
    assert [item["Id"] for item in sent] == [1, 2, 3, 4]
    assert size_of(sent) < ROOM


def test_events_take_what_mails_leave() -> None:
    each = {"Detail": {"Reason": "x" * (ROOM // 5)}}
    assert order(*(events(number, **each) for number in range(6))) == [0, 1, 2, 3]
    assert order(mail(9, text="y" * (ROOM // 3)), *(events(number, **each) for number in range(6))) == [9, 0, 1, 2]


def test_nothing_overtakes_an_item_that_does_not_fit() -> None:
    large, small = {"Detail": {"Reason": "x" * 3000}}, {"Detail": {}}
    assert order(events(1, **small), events(2, **large), events(3, **small), room=2000) == [1]


def test_a_message_is_cut_at_a_line() -> None:
    text = "\n".join(["y" * 1000] * 200)
    cut = shortened(text)
    assert size_of(cut) <= MAX_BYTES
    assert cut.splitlines()[:2] == ["y" * 1000] * 2
    assert cut.endswith("odcr_status has it.")
    assert shortened(cut) == cut


def test_a_run_may_write_no_more_than_the_outbox_keeps() -> None:
    """Of a run's outcomes, which come in 256 KiB, each may be lost and gained."""
    most = ROOM // size_of({"InstanceType": "m5.large", "AvailabilityZone": "us-east-1a", "Status": "SHORT"})
    assert 2 * most / 10 < Stream.EVENTS.max_waiting
