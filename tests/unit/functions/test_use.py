"""What is in use and unused, and which running instances cannot use what is held."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import boto3
import pytest

from odcr.domain.bounds import bounded
from odcr.domain.budget import Budget, Spent
from odcr.domain.comparison import Comparison
from odcr.domain.misfits import (
    MAX_SENTENCE,
    NAMED_ALIKE,
    InstanceLook,
    MisfitCount,
    Misfits,
    RunningInstance,
    Unused,
    look_of,
    unused_of,
    why_not,
)
from odcr.domain.outcome import Outcome, Status
from odcr.domain.prices import PriceList
from odcr.domain.refusal import Refusal, RequestLimitExceeded
from odcr.domain.reservation import Kind, Reservation
from odcr.domain.spending import shared_out
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, Target, TargetKey
from odcr.domain.use import NO_USE, Use, use_of
from odcr.domain.wire import ROOM
from odcr.gateways import ec2_regions
from odcr.gateways.ec2_regions import look_at_instances
from tests.unit.functions.defaults import compare
from tests.unit.functions.pool import Pool, acquire, shortfall, shortfall_of

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")
ELSEWHERE = TargetKey("m5.large", "us-east-1a")
HELD = Reservation("cr-1", KEY, 15, "active", in_use=4)
RUNNING = RunningInstance(KEY, "Linux/UNIX")


def unused(options: ReservationOptions = USUAL_OPTIONS, key: TargetKey = KEY, **fields: Any) -> Unused:
    """A target part of whose capacity is unused, in one reservation with these fields."""
    unused = unused_of(key, options, [replace(HELD, key=key, **fields)])
    assert unused
    return unused


@pytest.mark.parametrize(
    ("reservations", "use"),
    [
        ([], NO_USE),
        ([HELD], Use(4, 11)),
        ([HELD, replace(HELD, id="cr-2", count=3, in_use=3)], Use(7, 11)),
        ([HELD, replace(HELD, id="cr-2", state="pending", in_use=0)], Use(4, 11)),
        ([replace(HELD, state="expired")], NO_USE),
        ([replace(HELD, kind=Kind.BLOCK)], NO_USE),
    ],
)
def test_only_what_is_active_and_counted_is_in_use_or_unused(reservations: list[Reservation], use: Use) -> None:
    assert use_of(reservations) == use


def test_only_a_target_whose_use_changed_is_observed() -> None:
    target = Target(KEY, 15, 15, "FULFILLED", last_ids=("cr-1",), last_use=Use(4, 11))
    assert compare([target], [], [HELD]) == Comparison()
    (outcome,) = compare([target], [], [replace(HELD, in_use=5)]).observed
    assert (outcome.use, outcome.status, outcome.was_tried) == (Use(5, 10), Status.FULFILLED, False)


def test_the_use_of_a_capped_demand_is_observed_until_it_is_recorded() -> None:
    def capped(target: Target) -> list[Outcome]:
        comparison = bounded(compare([target], [], [HELD]), room=ROOM, has_caps=False)
        return shared_out(comparison, {KEY: target}, Budget(Decimal(1), PriceList({})), Spent(), why_closed="").observed

    record = Target(KEY, 20, 15, "CAPPED", last_ids=("cr-1",))
    (outcome,) = capped(record)
    assert (outcome.status, outcome.use) == (Status.CAPPED, Use(4, 11))
    recorded_target = replace(record, last_reason=outcome.reason)
    assert len(capped(recorded_target)) == 1
    assert capped(replace(recorded_target, last_use=outcome.use)) == []


def test_unused_capacity_matters_only_if_it_counts_for_a_row() -> None:
    busy = replace(HELD, key=ELSEWHERE, in_use=15)
    windows = replace(HELD, id="cr-2", platform="Windows")
    comparison = compare([Target(KEY, 30), Target(ELSEWHERE, 15)], [], [HELD, windows, busy])
    assert comparison.unused == [Unused(KEY, USUAL_OPTIONS, (HELD,))]


def test_an_attempt_reports_the_use_that_it_saw() -> None:
    pool = Pool(0, [HELD])
    assert acquire(shortfall(pool, 20), 0, pool).use == Use(4, 11)


def test_an_attempt_that_saw_nothing_keeps_the_recorded_use() -> None:
    class Silent(Pool):
        def find(self, key: TargetKey) -> list[Reservation]:
            raise RequestLimitExceeded("RequestLimitExceeded", f"no more of {key}")

    with pytest.raises(RequestLimitExceeded) as caught:
        acquire(shortfall_of(KEY, 15, 4, ("cr-1",)), 0, Silent(20))
    assert caught.value.outcome.is_use_known is False
    assert Outcome.from_event(caught.value.outcome.to_event()).is_use_known is False


def test_running_instances_that_a_new_reservation_takes_in_are_reported() -> None:
    class Absorbing(Pool):
        def create(self, *args: Any) -> Reservation:
            made = replace(super().create(*args), in_use=3)
            self.reservations[-1] = made
            return made

    outcome = acquire(shortfall_of(KEY, 15, 0), 0, Absorbing(20))
    assert (outcome.use, outcome.reason) == (Use(3, 12), "3 of it are in use by instances that were already running.")


# ---- Who cannot use it ---------------------------------------------------------------------------------------------

TARGETED = unused(match_criteria="targeted")
GROUPED = unused(ReservationOptions(placement_group="close"))


@pytest.mark.parametrize(
    ("instance", "held", "why"),
    [
        (RUNNING, unused(), None),
        (replace(RUNNING, platform="Windows"), unused(), "is Windows"),
        (RUNNING, unused(ReservationOptions(platform="Windows")), "is Linux/UNIX"),
        # Nobody says which reservations these match.
        (replace(RUNNING, platform="Red Hat BYOL Linux"), unused(), None),
        (replace(RUNNING, platform=""), unused(), None),
        (RUNNING, unused(ReservationOptions(platform="RHEL with HA")), None),
        (replace(RUNNING, tenancy="dedicated"), unused(), "has tenancy dedicated"),
        (replace(RUNNING, tenancy="host"), unused(ReservationOptions(tenancy="dedicated")), "has tenancy host"),
        (RUNNING, GROUPED, "is outside its placement group"),
        (replace(RUNNING, placement_group="close"), GROUPED, None),
        (replace(RUNNING, preference="none"), unused(), "takes no reservation (preference none)"),
        (replace(RUNNING, preference="none"), TARGETED, "takes no reservation (preference none)"),
        (RUNNING, TARGETED, "does not name it (targeted)"),
        (replace(RUNNING, preference="capacity-reservations-only"), unused(), None),
        (replace(RUNNING, preference="", named_reservation="cr-9"), TARGETED, "names another reservation"),
        (replace(RUNNING, preference="", named_reservation="cr-9"), unused(), "names another reservation"),
        (replace(RUNNING, preference="", named_reservation="cr-1"), TARGETED, None),
        # A resource group, in which the reservation may be.
        (replace(RUNNING, preference=""), TARGETED, None),
    ],
)
def test_why_an_instance_cannot_use_what_is_held(instance: RunningInstance, held: Unused, why: str | None) -> None:
    assert (why_not(instance, held) or (None,))[0] == why


def test_the_compared_platforms_are_ec2s() -> None:
    shape = boto3.client("ec2", "us-east-1").meta.service_model.shape_for("CapacityReservationInstancePlatform")
    assert set(shape.enum) >= NAMED_ALIKE  # type: ignore[attr-defined]


def counted(held: Sequence[Unused], *instances: RunningInstance) -> MisfitCount:
    count = MisfitCount(held)
    count.add(instances)
    return count


def test_each_target_has_one_sentence_with_the_most_common_reasons_first() -> None:
    windows, dedicated = replace(RUNNING, platform="Windows"), replace(RUNNING, tenancy="dedicated")
    others = [replace(RUNNING, preference="none"), replace(RUNNING, preference="", named_reservation="cr-9")]
    elsewhere = replace(windows, pool=ELSEWHERE)
    count = counted([TARGETED, unused(key=ELSEWHERE)], RUNNING, RUNNING, windows, windows, windows, elsewhere)
    assert look_of([count.counts], [], is_partial=False).misfits == (
        Misfits(KEY, "5 run beside it and cannot use it: 3 are Windows, 2 do not name it (targeted)."),
        Misfits(ELSEWHERE, "1 runs beside it and cannot use it: 1 is Windows."),
    )
    count.add([*others, dedicated, *[dedicated] * 3])
    (first, _) = look_of([count.counts], [], is_partial=False).misfits
    assert first.sentence.endswith(
        "4 have tenancy dedicated, 3 are Windows, 2 do not name it (targeted), 2 for other reasons."
    )
    longest = [replace(RUNNING, platform=name) for name in NAMED_ALIKE for _ in range(1000)]
    (said, *_) = look_of([counted([unused()], *longest).counts], [], is_partial=False).misfits
    assert len(said.sentence) < MAX_SENTENCE


def test_an_instance_that_fits_one_of_several_demands_is_no_misfit() -> None:
    web, db = replace(KEY, group="web"), replace(KEY, group="db")
    windows = ReservationOptions(platform="Windows")
    demands = [TARGETED, unused(windows, web, platform="Windows", id="cr-2"), unused(windows, db, in_use=0, id="cr-3")]
    fits_web = replace(RUNNING, platform="Windows")
    names_db = replace(fits_web, named_reservation="cr-3")
    none = replace(RUNNING, preference="none")
    count = counted(demands, fits_web, names_db, RUNNING, none, replace(none, pool=ELSEWHERE))
    assert {misfits.key: misfits.sentence for misfits in look_of([count.counts], [], is_partial=False).misfits} == {
        KEY: "2 run beside it and cannot use it: 1 does not name it (targeted), 1 takes no reservation (preference "
        "none).",
        web: "2 run beside it and cannot use it: 2 are Linux/UNIX.",
        db: "2 run beside it and cannot use it: 2 are Linux/UNIX.",
    }
    assert counted([*demands, unused(key=db)], RUNNING).counts == {}


def test_a_recorded_sentence_goes_away_only_after_a_look() -> None:
    look = InstanceLook((Misfits(KEY, "new"),), "eu-west-1 us-west-2")
    assert look.sentence(KEY, "old") == "new"
    assert look.sentence(ELSEWHERE, "old") is None
    assert look.sentence(TargetKey("m5.large", "us-west-2a"), "old") == "old"
    assert look.sentence(TargetKey("m5.large", "usw2-az1"), "old") == "old"
    assert replace(look, is_partial=True).sentence(ELSEWHERE, "old") == "old"


def test_sentences_that_do_not_fit_leave_the_recorded_ones() -> None:
    keys = [TargetKey(f"m5.{number}xlarge", "us-east-1a") for number in range(500)]
    windows = [RunningInstance(key, "Windows") for key in keys]
    look = look_of([counted([unused(key=key) for key in keys], *windows, *windows[300:]).counts], [], is_partial=False)
    assert look.is_partial
    assert look.misfits[0].key in keys[300:]
    size = len(json.dumps(look.to_event()))
    assert 15_000 < size < 25_000
    short = [shortfall_of(key, 15, 0) for key in keys]
    both = [len(bounded(Comparison(short), room, has_caps=False).shortfalls) for room in (248_000, 248_000 - size)]
    assert both[1] >= both[0] * 0.9


# ---- The look ------------------------------------------------------------------------------------------------------


class Finder:
    """Pages of instances by Region.

    Args:
        pages: the pages, or what a Region's description ends with.
    """

    def __init__(self, **pages: Any) -> None:
        self._pages = pages
        self.asked: dict[str, list[str]] = {}

    def running_instances(self, region: str, types: Sequence[str]) -> Iterator[list[RunningInstance]]:
        self.asked[region] = list(types)
        for page in self._pages[region.replace("-", "_")]:
            if isinstance(page, Exception):
                raise page
            yield page


def test_a_region_that_refuses_or_answers_nonsense_is_left_out() -> None:
    windows = replace(RUNNING, platform="Windows")
    west = [TargetKey("m5.large", f"{region}a") for region in ("us-west-1", "us-west-2")]
    finder = Finder(
        ap_northeast_1=[[windows, RUNNING], [], [windows]],
        us_east_1=[[replace(windows, pool=ELSEWHERE)], RequestLimitExceeded("RequestLimitExceeded", "no more")],
        us_west_1=[KeyError("InstanceType")],
        us_west_2=[[RunningInstance(west[1], "Windows")]],
    )
    keys = [KEY, replace(KEY, instance_type="c5.large"), ELSEWHERE, *west, TargetKey("m5.large", "mars-north-1a")]
    look = look_at_instances(finder, [unused(key=key) for key in keys], is_partial=False)
    assert {misfits.key: misfits.sentence for misfits in look.misfits} == {
        KEY: "2 run beside it and cannot use it: 2 are Windows.",
        west[1]: "1 runs beside it and cannot use it: 1 is Windows.",
    }
    assert look.silent == "us-east-1 us-west-1"
    assert finder.asked["ap-northeast-1"] == ["c5.large", "r5b.2xlarge"]


def test_a_region_with_more_instances_than_there_is_time_for_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "INSTANCE_SECONDS", -1.0)
    monkeypatch.setattr(
        ec2_regions, "_side_by_side", lambda tasks, _: {key: ended(task) for key, task in tasks.items()}
    )
    finder = Finder(ap_northeast_1=[[RUNNING], [RUNNING]])
    assert look_at_instances(finder, [unused()], is_partial=False).silent == "ap-northeast-1"


def ended(task: Any) -> Any:
    try:
        return task()
    except Refusal as refusal:
        return refusal
