import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from odcr.domain.cells import StrangeCell, amount_of, moment_of, text_of, whole_number
from odcr.domain.option_rows import OPTION_COLUMNS
from odcr.domain.outcome import Outcome, Status
from odcr.domain.records import Record, records_of
from odcr.domain.refusal import RequestRefused
from odcr.domain.reservation import Reservation, duplicates, lost
from odcr.domain.run_share import MAX_TARGET_BYTES, share_of_run
from odcr.domain.shortfall import Shortfall
from odcr.domain.target import Announcement, Target, TargetKey, Terms
from odcr.domain.wire import MAX_IDS, cut_ids, ids_from_text, ids_to_text
from tests.unit.functions.defaults import targets_of
from tests.unit.functions.pool import shortfall_of

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
MANY = tuple(f"cr-{number:017x}" for number in range(3500))


@pytest.mark.parametrize("cell", [5, Decimal("5.00"), 5.0, "5", " +5 ", "5.0", b"5", b"5\0\0", bytearray(b"5")])
def test_a_whole_number_is_read_from_any_type(cell: object) -> None:
    assert whole_number(cell, "Target_Capacity") == 5


@pytest.mark.parametrize(
    "cell",
    [
        True,
        Decimal("2.5"),
        2.5,
        "five",
        "",
        "1e3",
        "0x5",
        "\N{ARABIC-INDIC DIGIT FIVE}",
        b"\xff",
        date(2026, 11, 30),
        timedelta(5),
        [5],
    ],
)
def test_an_invalid_number_is_reported_with_what_to_do(cell: object) -> None:
    with pytest.raises(StrangeCell, match=r"^Target_Capacity is .*; it must be a whole number\. Set it\.$"):
        whole_number(cell, "Target_Capacity", "Set it.")


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        (None, None),
        (datetime.fromisoformat("2026-11-30T20:00:00"), "2026-11-30T20:00:00"),
        (date(2026, 11, 30), "2026-11-30T00:00:00"),
        ("2026-11-30 20:00:00", "2026-11-30T20:00:00"),
        (b"2026-11-30T20:00:00Z", "2026-11-30T20:00:00"),
        ("2026-11-30 20:00:00+09:00", "2026-11-30T11:00:00"),
    ],
)
def test_a_time_is_read_from_any_type(cell: object, moment: str | None) -> None:
    assert moment_of(cell, "End_Date") == moment


def test_text_is_never_an_error() -> None:
    assert [text_of(cell) for cell in (None, "x", b"x\0\0", b"\xff", 5)] == ["", "x", "x", "\\xff", "5"]


def test_a_cut_list_of_ids_says_how_many_are_missing() -> None:
    text = ids_to_text(MANY)
    assert len(text) < 65_536
    assert ids_from_text(text) == (MANY[:MAX_IDS], 3000)
    assert ids_from_text(ids_to_text(MANY[:MAX_IDS])) == (MANY[:MAX_IDS], 0)
    assert cut_ids(ids_from_text(text)[0], 3000) == cut_ids(MANY, more=0)


@pytest.mark.parametrize("text", ["cr-1,nonsense", "cr-1,DROP TABLE", "cr-1,1 more", "cr-1,cr-\u00e9"])
def test_an_invalid_entry_in_a_list_of_ids_counts_as_an_unnamed_id(text: str) -> None:
    assert ids_from_text(text) == (("cr-1",), 1)


def test_a_cut_list_stays_cut_through_every_event() -> None:
    target = Target.from_event(json.loads(json.dumps(Target(KEY, 5, last_ids=MANY).to_event())))
    assert (target.last_ids, target.more_ids) == (MANY[:MAX_IDS], 3000)
    for shortfall in (
        shortfall_of(KEY, 5, 5, MANY, recorded_ids=MANY),
        shortfall_of(KEY, 5, 5, MANY, recorded_ids=("cr-1",)),
        shortfall_of(KEY, 5, 5, ("cr-1",), recorded_ids=MANY),
        shortfall_of(KEY, 5, 5, ("cr-1",), recorded_ids=("cr-1",), more_ids=1),
    ):
        read = Shortfall.from_event(json.loads(json.dumps(shortfall.to_event())))
        assert read.more_ids > 0
        # What is recorded if the function dies.
        failed = json.loads(json.dumps(read.standing_outcome().to_event()))
        assert Outcome.from_event(failed).more_ids > 0


def test_an_error_with_the_longest_lists_fits_into_its_cause() -> None:
    outcome = Outcome(KEY, Status.FAILED, 5, 5, MANY, MANY, reason="x" * 200)
    cause = json.dumps(
        {"errorMessage": str(RequestRefused("Blocked", "").ending(outcome)), "errorType": "RequestRefused"}
    )
    assert len(cause) < 32_768


def test_with_a_cut_list_nothing_is_a_duplicate_or_lost() -> None:
    reservations = [Reservation(id_, KEY, 1, "active", made=f"{id_:>064}") for id_ in MANY]
    few = reservations[:10]
    assert duplicates(few, {"cr-00000000000000000"}, more_ids=0)
    assert duplicates(few, {"cr-00000000000000000"}, 1) == []
    assert duplicates(reservations, set(MANY[:MAX_IDS]), more_ids=0) == []
    assert lost(10, {"cr-1"}, few, 0) == 10
    assert lost(10, {"cr-1"}, few, 1) == 0
    assert lost(11, {"cr-1"}, few, 1) == 1


def row(*cells: object) -> tuple[object, ...]:
    return (KEY.instance_type, KEY.availability_zone, *cells)


def option(*cells: object, **named: object) -> tuple[object, ...]:
    """A row of odcr_option: the first cells in their order, or by their columns; NULL in the others."""
    by_column = dict(zip(OPTION_COLUMNS, cells, strict=False)) | named
    return row(*(by_column.get(name) for name in OPTION_COLUMNS))


def status(
    *cells: object,
    verdict: object = None,
    deadline: object = None,
    given_up: object = None,
    in_use: object = None,
    unused: object = None,
) -> tuple[object, ...]:
    """A row of odcr_status."""
    return row(*cells, in_use, unused, verdict, deadline, given_up, None, None, None)


def test_equal_rows_of_a_key_count_as_one_and_different_ones_buy_nothing() -> None:
    ((target,), rejected) = targets_of([row(5, 0), row(Decimal(5), 3), row("5", None)], [], {})
    assert (target.capacity, rejected) == (5, [])
    targets, (outcome,) = targets_of([row(5, 0), row(7, 0)], [], {})
    assert (targets, outcome.status) == ([], Status.INVALID)
    assert "they ask for 5, 7" in outcome.reason


def test_options_are_found_in_another_spelling_and_an_exact_one_wins() -> None:
    spelled = ("R5B.2xlarge ", " AP-northeast-1C", *option("Windows")[2:])
    ((target,), _) = targets_of([row(5, 0)], [spelled], {})
    assert target.options.platform == "Windows"
    ((target,), _) = targets_of([row(5, 0)], [spelled, option("SUSE Linux")], {})
    assert target.options.platform == "SUSE Linux"


@pytest.mark.parametrize(("cell", "priority"), [(0, 0), (None, 0), (-5, -5), ("7", 7), (Decimal("3.0"), 3)])
def test_a_priority_is_a_whole_number_and_usually_0(cell: object, priority: int) -> None:
    options = option("Linux/UNIX", "default", "open", None, cell)
    ((target,), _) = targets_of([row(5, 0)], [options], {})
    assert target.terms.priority == priority
    assert Target.from_event(json.loads(json.dumps(target.to_event()))) == target


@pytest.mark.parametrize(("cell", "says"), [("urgent", "it must be a whole number"), (2**40, "is too large")])
def test_an_invalid_priority_is_reported(cell: object, says: str) -> None:
    options = option("Linux/UNIX", "default", "open", None, cell)
    (_, (outcome,)) = targets_of([row(5, 0)], [options], {})
    assert outcome.status == Status.INVALID
    assert outcome.reason.startswith("Priority in odcr_option is")
    assert says in outcome.reason


def test_option_rows_with_different_priorities_are_rejected() -> None:
    options = [option("Linux/UNIX", "default", "open", None, priority) for priority in (1, 2)]
    (_, (outcome,)) = targets_of([row(5, 0)], options, {})
    assert "Delete all but one of its 2 rows in odcr_option" in outcome.reason


def test_the_usual_terms_ask_at_once_and_for_ever() -> None:
    ((target,), _) = targets_of([row(5, 0)], [option()], {})
    assert target.terms == Terms()
    assert target.to_event() == {
        "InstanceType": "r5b.2xlarge",
        "AvailabilityZone": "ap-northeast-1c",
        "TargetCapacity": 5,
    }


def test_a_row_has_a_start_and_a_deadline() -> None:
    options = option(
        Start_At=date(2026, 11, 28),
        Deadline="2026-11-30T20:00:00.7+09:00",
        After_Deadline=" Stop",
        On_Missed=b"RELEASE",
    )
    ((target,), _) = targets_of([row(5, 0)], [options], {})
    assert target.terms == Terms(0, "2026-11-28T00:00:00", "2026-11-30T11:00:00", True, True)
    assert Target.from_event(json.loads(json.dumps(target.to_event()))) == target


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Start_At": "soon"}, "Start_At in odcr_option is 'soon', which is not a time"),
        ({"Deadline": 5}, "Deadline in odcr_option is 5, which is not a time"),
        ({"After_Deadline": "end"}, "After_Deadline in odcr_option is 'end'; write 'keep-asking' or 'stop'."),
        ({"On_Missed": 1}, "On_Missed in odcr_option is 1; write 'keep' or 'release'."),
        (
            {"Start_At": datetime(2026, 11, 30), "Deadline": datetime(2026, 11, 30)},  # noqa: DTZ001
            "Deadline in odcr_option must be later than its Start_At, 2026-11-30 00:00 UTC.",
        ),
    ],
)
def test_invalid_terms_are_reported(cells: dict[str, object], says: str) -> None:
    (targets, (outcome,)) = targets_of([row(5, 0)], [option(**cells)], {})
    assert (targets, outcome.status) == ([], Status.INVALID)
    assert outcome.reason.startswith(says)


@pytest.mark.parametrize(("verdict", "deadline"), [("WON", datetime(2026, 11, 26)), ("MET", "soon"), (None, None)])  # noqa: DTZ001
def test_a_verdict_overwritten_by_somebody_does_not_count(verdict: object, deadline: object) -> None:
    records = records_of(
        [status("SHORT", 0, "", "", "", 5, None, None, None, None, verdict=verdict, deadline=deadline)]
    )
    assert records[KEY].judgement is None


@pytest.mark.parametrize("cell", [12.5, "12.50", b"12.5", Decimal("12.50")])
def test_an_amount_is_read_from_any_type(cell: object) -> None:
    assert amount_of(cell, "Max_Hourly_Cost") == Decimal("12.5")


@pytest.mark.parametrize("cell", ["cheap", -1, float("nan"), "inf", True, date(2026, 1, 1), 10**12])
def test_an_invalid_amount_is_reported(cell: object) -> None:
    with pytest.raises(StrangeCell, match=r"Max_Hourly_Cost is .*; it must be an amount per hour"):
        amount_of(cell, "Max_Hourly_Cost")


def test_a_target_knows_how_long_its_pool_has_been_dry() -> None:
    records = records_of([status("SHORT", 5, "", "cr-1", "", 15, 30, 90_000, None, None)])
    ((target,), _) = targets_of([row(15, 5)], [], records)
    assert target.dry_seconds == 90_000
    assert target.to_event()["DrySeconds"] == 90_000
    ((new,), _) = targets_of([row(15, 5)], [], {})
    assert new.dry_seconds is None
    assert {"DrySeconds", "Priority"}.isdisjoint(new.to_event())
    for each in (target, new):
        assert Target.from_event(json.loads(json.dumps(each.to_event()))) == each


@pytest.mark.parametrize(
    ("recorded", "dry"), [(15, 90_000), (20, 90_000), (14, None), (None, 90_000), ("many", 90_000)]
)
def test_a_raised_target_is_asked_for_at_full_pace_in_the_next_run(recorded: object, dry: int | None) -> None:
    records = records_of([status("SHORT", 5, "", "cr-1", "", recorded, 30, 90_000, None, None)])
    ((target,), _) = targets_of([row(15, 5)], [], records)
    assert target.dry_seconds == dry


@pytest.mark.parametrize(
    ("cells", "record"),
    [
        (("NONSENSE", 5, "r", "cr-1", "", None, 3, None, None, None), Record("FAILED", 5, "r", ("cr-1",), age=3)),
        ((None, None, None, None, None, None, None, None, None, None), Record("FAILED", None, more_ids=1)),
        (
            ("SHORT", "5", b"r", b"cr-1,cr-2", b"cr-2", "9", 3, 90, None, None),
            Record("SHORT", 5, "r", ("cr-1",), age=3, dry_seconds=90, target=9),
        ),
        (("SHORT", -1, "", "", "", "many", 3, "soon", None, None), Record("SHORT", None, age=3)),
        # Of times that are still to come, which somebody else wrote.
        (("SHORT", 0, "", "", "", -1, -3, -9, None, None), Record("SHORT", 0, age=0, dry_seconds=0)),
        # Somebody emptied the list: what is held is not known by name, and so not bought twice.
        (("SHORT", 5, "", "", "", None, 3, None, None, None), Record("SHORT", 5, more_ids=1, age=3)),
        (
            ("SHORT", 5, "", "cr-1,3 more", "3 more", None, 3, None, None, None),
            Record("SHORT", 5, ids=("cr-1",), more_ids=6, age=3),
        ),
        (
            ("EXCESS", 15, "", "cr-1", "", None, None, None, 15, 10),
            Record("EXCESS", 15, ids=("cr-1",), announced=Announcement(15, 10)),
        ),
        (("EXCESS", 15, "", "cr-1", "", None, None, None, "15", None), Record("EXCESS", 15, ids=("cr-1",))),
    ],
)
def test_a_record_overwritten_by_somebody_is_read_with_care(cells: tuple[object, ...], record: Record) -> None:
    assert records_of([status(*cells)]) == {KEY: record}


def test_a_target_that_is_too_large_has_an_outcome_that_says_so() -> None:
    large = Target(KEY, 5, last_reason="x" * MAX_TARGET_BYTES)
    small = replace(large, key=TargetKey("m5.large", "us-east-1a"), last_reason="")
    share = share_of_run([large, small], [], "run-1", [])
    assert share.targets == [small]
    assert [(outcome.key, outcome.status) for outcome in share.rejected] == [(KEY, Status.FAILED)]
    assert "no run can carry" in share.rejected[0].reason


def test_rejected_rows_that_do_not_all_fit_take_turns() -> None:
    rejected = [Outcome(TargetKey(f"?{number}", "x"), Status.INVALID, 1, 5, MANY) for number in range(10)]
    keys = {outcome.key for run in range(60) for outcome in share_of_run([], rejected, f"run-{run}", []).rejected}
    assert len(keys) == 10


def test_options_in_another_spelling_of_the_zone_travel_with_the_target() -> None:
    options = [
        ("r5b.2xlarge", zone, *option(platform)[2:])
        for zone, platform in (
            ("apne1-az1", "Windows"),
            ("usw2-az1", "SUSE Linux"),
            ("ap-northeast-1a", "Red Hat Enterprise Linux"),
        )
    ]
    wanted = [("r5b.2xlarge", zone, 5, 0) for zone in ("ap-northeast-1c", "apne1-az4", "ap-northeast-1a", "apne1-az1")]
    targets, _ = targets_of(wanted, options, {})
    by_zone = {
        target.key.availability_zone: (
            target.options.platform,
            [(row.zone, row.options.platform) for row in target.elsewhere],
        )
        for target in targets
    }
    assert by_zone == {
        "ap-northeast-1c": ("Linux/UNIX", [("apne1-az1", "Windows")]),
        "apne1-az4": ("Linux/UNIX", [("ap-northeast-1a", "Red Hat Enterprise Linux")]),
        # A row that spells the zone in the same way counts, and no other.
        "ap-northeast-1a": ("Red Hat Enterprise Linux", []),
        "apne1-az1": ("Windows", []),
    }


@pytest.mark.parametrize(
    ("age", "dry_seconds", "is_fresh"),
    [(10, None, True), (10, 59, True), (10, 60, False), (10, 4000, False), (60, None, False), (None, None, False)],
)
def test_a_record_is_fresh_only_after_a_recent_grant(age: int | None, dry_seconds: int | None, is_fresh: bool) -> None:
    """A pool that has given nothing for a minute has changed nothing: somebody who reduces what is held is believed."""
    assert Record("SHORT", 11, age=age, dry_seconds=dry_seconds).is_fresh is is_fresh
