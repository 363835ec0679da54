"""The bounds that random histories keep to: how much may be held for each target, and how little."""

from collections import Counter

from hypothesis.stateful import RuleBasedStateMachine

from localcloud.capacity_reservations.reservation import CapacityReservation
from tests.consistency import Key
from tests.integration.resilience.execution import Execution, all_of
from tests.integration.resilience.world import World, pool_of

KEYS: list[Key] = [("c5.large", "ap-northeast-1a"), ("c5.large", "ap-northeast-1c"), ("r5b.2xlarge", "ap-northeast-1c")]
TYPO: Key = ("r5b", "ap-northeast-1c")
NAME = "sale"
GROUP: Key = ("", NAME)
WEIGHTS: dict[Key, int] = {
    ("m5.large", "ap-northeast-1a"): 1,
    ("m5.large", "ap-northeast-1c"): 1,
    ("m5.2xlarge", "ap-northeast-1c"): 2,
}
"""The pools of a group, the most wanted first."""

played: Counter[str] = Counter()


class Bounds(RuleBasedStateMachine):
    """Knows the bounds of each target, from what people and EC2 have done so far.

    A target's ceiling is the most that may be held for it: the highest target since a run was last inactive, because a
    run goes on with what it loaded; or what was held when the target was lowered, because nothing is released unasked.
    Two runs at once may exceed a group's ceiling, in two pools, until a later run looks.

    If the stack releases on a lowered target, a target also has a floor, below which no run may release: the lowest
    target since a run was last inactive. Deleting a row does not lower the floor.

    Args:
        world: the surroundings of the stack.
        releases: whether the stack releases on a lowered target.
    """

    def __init__(self, world: World, *, releases: bool) -> None:
        super().__init__()
        self.world = world
        self.releases = releases
        self.ceiling: dict[Key, int] = dict.fromkeys([*KEYS, TYPO, GROUP], 0)
        self.floor: dict[Key, float] = {}
        self.away: Counter[Key] = Counter()
        """Recorded instances that people took away from the stack; they must not be bought again."""
        self.unseen: dict[Key, tuple[float, int]] = {}
        """Until when describes may still show what was taken away, and how many instances. A run may then set the
        source to a count that is too large by as many, which is reported as EXCESS."""

    def held(self, key: Key) -> int:
        """Units held for a row or the group."""
        return self.world.held_of_group(NAME, WEIGHTS) if key == GROUP else self.world.held(key)

    def total(self, key: Key) -> int:
        """Instances held for a target, including those known to be elsewhere."""
        return self.held(key) + self.away[key]

    def _total_of_group(self) -> int | None:
        return next((int(total) for (total,) in self.world.sql("SELECT TotalTargetCapacity FROM odcr_group")), None)

    def _most(self, key: Key) -> int:
        return self.ceiling[key] + self.unseen.get(key, (0.0, 0))[1]

    def _is_recorded(self, key: Key) -> bool:
        """Whether no run is at work, and the tables show what is held and what was taken away before."""
        row = self.world.rows().get(key)
        if row is None or self._is_at_work():
            return False
        ids = {reservation.id for reservation in self.world.managed(key)}
        is_known = (row.status == "ASTRAY") == bool(self.away[key])
        return is_known and ids <= row.ids and row.reserved == self.total(key) <= row.target

    def _elsewhere(self, key: Key) -> int:
        """Instances that the stack lost: held without its tag, or lent out."""
        astray = [reservation for reservation in self.world.reservations() if reservation.id in self.world.astray]
        held = sum(reservation.instance_count for reservation in astray if pool_of(reservation) == key)
        return held + self.world.lent[key]

    def _running(self) -> list[Execution]:
        """The runs that are not over, including those that runs have started."""
        return [run for run in all_of(self.world) if not run.stepper.is_over_by_now()]

    def _is_at_work(self) -> bool:
        """Whether a run has loaded targets and goes on, or a function outlives its run."""
        has_loaded = any("FindShortfalls" in run.stepper.entered for run in self._running())
        return has_loaded or bool(self.world.machine.asleep)

    def _raise_ceilings(self) -> None:
        for key, row in self.world.rows().items():
            self.ceiling[key] = max(self.ceiling.get(key, 0), row.target)
        self.ceiling[GROUP] = max(self.ceiling[GROUP], self._total_of_group() or 0)

    def _lower_floors(self) -> None:
        for key, row in self.world.rows().items():
            self.floor[key] = min(self.floor.get(key, float("inf")), row.target)
        if (total := self._total_of_group()) is not None:
            self.floor[GROUP] = min(self.floor.get(GROUP, float("inf")), total)

    def _lower_ceilings(self) -> None:
        self.ceiling = {key: min(self._most(key), self.total(key)) for key in self.ceiling}
        now = self.world.clock.now()
        self.unseen = {key: taken for key, taken in self.unseen.items() if taken[0] > now}
        self._raise_ceilings()

    def _nothing_was_lost(self, before: dict[Key, list[CapacityReservation]]) -> None:
        """No step makes a target's only reservation smaller: only duplicates are ever given back.

        If the stack releases on a lowered target, the excess may go as well, and no more.
        """
        for key, reservations in before.items():
            is_only_one = len(reservations) == 1
            are_active = all(reservation.state == "active" for reservation in reservations)
            if (is_only_one or key in self.floor) and are_active:
                held = sum(reservation.instance_count for reservation in reservations)
                lost = held - self.world.held(key)
                may_go = max(0, held - self.floor.get(key, float("inf")))
                if is_only_one and not self.releases:
                    may_go = 0
                assert lost <= may_go, f"{lost} instances of {key} were given away"
                played["released" if is_only_one else "given back"] += lost > 0

    def _nothing_was_lost_of_group(self, before: list[CapacityReservation]) -> None:
        """No step leaves a group below its total: only an excess is ever released."""
        if all(reservation.state == "active" for reservation in before):
            units = sum(reservation.instance_count * WEIGHTS[pool_of(reservation)] for reservation in before)
            lost = units - self.held(GROUP)
            assert lost <= max(0, units - self.floor.get(GROUP, float("inf"))), f"{lost} units were given away"
            played["group gave back"] += lost > 0
