"""What people, other accounts and EC2 do to reservations, and how runs handle it, also with faults."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from localcloud.ec2.faults import CREATE, Fault, FaultKind
from tests.integration.resilience.calls import CallFault, Service
from tests.integration.resilience.execution import make_tables, run
from tests.integration.resilience.single_fault import IS_LONG, Point, run_with
from tests.integration.resilience.world import Snapshot, World

KEY = ("r5b.2xlarge", "ap-northeast-1c")
ELSEWHERE = ("m5.large", "us-west-2a")
UNCHANGEABLE = (
    "OperationNotPermitted",
    "InvalidState",
    "UnsupportedOperation",
    "InvalidParameterCombination",
    "InvalidCapacityReservationId.NotFound",
)


@dataclass(frozen=True)
class Situation:
    """Something that happens to a target with six instances, held in one reservation and recorded."""

    happens: Callable[[World, str], object]
    """Does it to the reservation, given its id."""
    counts: tuple[int, ...]
    """The instances of each reservation that the stack holds in the end, the largest first."""
    status: str
    reserved: int
    """Instances held, as the tables say in the end."""
    says: tuple[str, ...] = ()
    """Words in the reason that the first run records; `{id}` is the reservation."""
    target: int = 6


def _unchangeable(code: str) -> Callable[[World, str], object]:
    return lambda world, id_: world.refuse_changes(id_, code)


SITUATIONS: dict[str, Situation] = {
    # One reservation never blocks a target: another is made beside it.
    **{
        f"EC2 does not change it: {code}": Situation(
            _unchangeable(code), (6, 3), "FULFILLED", 9, ("{id}", code), target=9
        )
        for code in UNCHANGEABLE
    },
    # Only what is really gone is bought again.
    "its tag was removed": Situation(lambda world, id_: world.remove_tag(id_), (), "ASTRAY", 6, ("{id}", "odcr:stack")),
    "its tag was removed, and more is wanted": Situation(
        lambda world, id_: world.remove_tag(id_), (2,), "ASTRAY", 8, ("{id}", "odcr:stack"), target=8
    ),
    "it was split": Situation(
        lambda world, id_: world.split(id_, 2, tagged=False), (4,), "ASTRAY", 6, ("2 are held", "odcr:stack")
    ),
    "it was split, and the part was tagged": Situation(
        lambda world, id_: world.split(id_, 2, tagged=True), (4, 2), "FULFILLED", 6
    ),
    "part of it was lent": Situation(lambda world, id_: world.lend(id_, 2), (4,), "ASTRAY", 6, ("2 are lent", "{id}")),
    "it was cancelled": Situation(
        lambda world, id_: world.cancel(id_), (6,), "FULFILLED", 6, ("6 that were held are gone", "bought again")
    ),
    # Reservations of others are never counted or changed.
    "another account shares one with the same tag": Situation(
        lambda world, _id: world.share(KEY, 3), (9,), "FULFILLED", 9, target=9
    ),
}


def set_up(world: World, situation: Situation) -> str:
    """Holds and records six instances, lets it happen, and returns the reservation's id."""
    world.reset()
    world.capacity.set_free(*KEY, 30)
    world.set_target(KEY, 6)
    run(world, "run-before")
    world.pass_time(61)
    (reservation,) = world.managed(KEY)
    situation.happens(world, reservation.id)
    world.set_target(KEY, situation.target)
    world.published.clear()
    return reservation.id


def held_and_recorded(world: World) -> tuple[tuple[int, ...], str, int, str]:
    """The counts of the reservations; the status, the instances held and the reason as recorded."""
    counts = sorted((reservation.instance_count for reservation in world.managed(KEY)), reverse=True)
    ((status, reserved, reason),) = world.sql("SELECT Status, Reserved, Reason FROM odcr_status")
    return tuple(counts), status, reserved, reason


@pytest.fixture(autouse=True)
def _tables(world: World, _empty: None) -> None:
    make_tables(world)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_a_run_explains_what_happened_and_buys_only_what_is_gone(world: World, situation: Situation) -> None:
    reservation_id = set_up(world, situation)
    foreign, free = world.foreign(), world.free(KEY)
    run(world, "run-1")
    *state, reason = held_and_recorded(world)
    assert (*state,) == (situation.counts, situation.status, situation.reserved), reason
    assert [words for words in situation.says if words.format(id=reservation_id) not in reason] == [], reason
    assert world.foreign() == foreign
    # Later runs change nothing and buy no more.
    free = world.free(KEY)
    for number in range(2, 5):
        run(world, f"run-{number}")
    assert (*held_and_recorded(world)[:3],) == (situation.counts, situation.status, situation.reserved)
    assert (world.free(KEY), world.foreign()) == (free, foreign)


def test_after_any_fault_of_any_call_each_situation_ends_right(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    failures: dict[tuple[str, Point], object] = {}
    played = 0
    for name, situation in SITUATIONS.items():
        set_up(world, situation)
        snapshot, foreign = world.snapshot(), world.foreign()
        points = points_of(world, snapshot)
        for point in points:
            world.restore(snapshot)
            run_with(world, point)
            # The second run may be needed to see a duplicate and give it back.
            for number in range(3):
                world.pass_time(120)
                run(world, f"run-after-{number}")
            *state, reason = held_and_recorded(world)
            if (*state,) != (situation.counts, situation.status, situation.reserved) or world.foreign() != foreign:
                failures[name, point] = (state, reason)
        played += len(points)
    with capsys.disabled():
        print(f"\n{played} points in {len(SITUATIONS)} situations")
    assert not failures, "\n".join(f"{point}: {problem}" for point, problem in failures.items())


def points_of(world: World, snapshot: Snapshot) -> list[Point]:
    """The run's calls to EC2 with all faults; in a short run with one each, in turn, and with stale describes."""
    calls = run_with(world, None)
    world.restore(snapshot)
    points = []
    for number, call in enumerate(calls):
        if call.service is Service.EC2:
            faults = set(call.faults) - {CallFault.MEANWHILE}
            chosen = sorted(faults)
            if not IS_LONG:
                chosen = sorted({chosen[number % len(chosen)], *({CallFault.STALE} & faults)})
            points += [Point(number, call, fault) for fault in chosen]
    return points


def test_what_is_astray_is_not_bought_again_after_an_attempt_died_while_less_was_wanted(world: World) -> None:
    set_up(world, SITUATIONS["its tag was removed"])
    run(world, "run-1")
    world.set_target(KEY, 2)
    with world.injector.watching(
        lambda call: CallFault.THROTTLED if call.operation == "ReserveCapacity" else None,
    ):
        run(world, "run-2")
    assert held_and_recorded(world)[1:3] == ("FAILED", 6)
    world.set_target(KEY, 6)
    run(world, "run-3")
    assert held_and_recorded(world)[:3] == ((), "ASTRAY", 6)


def test_a_split_off_part_is_no_duplicate_while_its_source_still_shows_the_old_count(world: World) -> None:
    """For a moment describe shows six and two, which looks like two duplicates."""
    source = set_up(world, SITUATIONS["it was split, and the part was tagged"])
    world.capacity.alter(source, TotalInstanceCount=6)
    run(world, "run-1")
    assert [reservation.state for reservation in world.managed(KEY)] == ["active", "active"]
    assert held_and_recorded(world)[1] == "EXCESS"
    world.capacity.alter(source, TotalInstanceCount=4)
    run(world, "run-2")
    assert (*held_and_recorded(world)[:3],) == ((4, 2), "FULFILLED", 6)


@pytest.mark.parametrize(
    "code",
    [
        "InsufficientInstanceCapacity",
        "InstanceLimitExceeded",
        "InvalidParameterValue",
        "OperationNotPermitted",
        "RequestLimitExceeded",
        "Unsupported",
        "SomethingNew",
    ],
)
def test_a_token_that_ec2_remembers_as_refused_blocks_no_later_request(world: World, code: str) -> None:
    world.capacity.remember_refused_tokens(True)
    world.capacity.set_free(*KEY, 30)
    world.set_target(KEY, 6)
    world.capacity.inject(Fault(CREATE, FaultKind.REFUSED, 40, lasts=300, code=code))
    run(world, "run-1")
    assert world.held(KEY) == 0
    # Unsupported types are asked for seldom.
    world.pass_time(601)
    run(world, "run-2")
    assert (world.held(KEY), held_and_recorded(world)[1]) == (6, "FULFILLED")


def test_a_region_that_does_not_answer_delays_no_other(world: World) -> None:
    for key in (KEY, ELSEWHERE):
        world.capacity.set_free(*key, 6)
        world.set_target(key, 6)
    world.injector.silent.add("us-west-2")
    run(world, "run-1")
    rows = world.rows()
    assert (world.held(KEY), rows[KEY].status, rows[ELSEWHERE].status) == (6, "FULFILLED", "FAILED")
    world.injector.silent.clear()
    run(world, "run-2")
    assert (world.free(ELSEWHERE), world.rows()[ELSEWHERE].status) == (0, "FULFILLED")
