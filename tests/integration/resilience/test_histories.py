"""Random histories of targets, pools, people, time and faults, with two runs at once, step by step."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from localcloud.ec2.faults import CREATE, Fault, FaultKind
from localcloud.ec2.state import current
from tests.consistency import Key
from tests.integration.resilience import execution
from tests.integration.resilience.bounds import GROUP, KEYS, NAME, TYPO, WEIGHTS, Bounds, played
from tests.integration.resilience.calls import Call, CallFault
from tests.integration.resilience.execution import Execution, all_of, make_tables, play
from tests.integration.resilience.single_fault import takeover_seconds
from tests.integration.resilience.test_situations import UNCHANGEABLE
from tests.integration.resilience.world import LAG_SECONDS, LONG_LAG_SECONDS, TABLES, World

MAX_TARGET = 12
EXAMPLES = int(os.environ.get("HISTORIES", "10"))
"""Histories to play, of up to STEPS steps each; half of them with a stack that releases."""
STEPS = 50
WAYS_TO_ASK = [(14.0, 40), (50.0, 40), (14.0, 2)]
"""Seconds between two requests, and the Map's places: one function for each target, rare requests, and rounds."""
RARE = {CallFault.NO_CAPACITY}
"""Faults that the few histories of a short run may miss."""

TAKEN_AWAY = ("tag", "split", "split with tags", "lend")

keys = st.sampled_from(KEYS)
faulty_calls = st.dictionaries(st.integers(0, 11), st.integers(0, 60), min_size=1, max_size=3)
"""The faults of a step: the place of the call in the step, and a number that picks one of the call's faults."""


def in_the_calm(act: Any) -> Any:
    """Allows a rule only in the calm after a storm, so that most steps of a history are the functions'."""
    return precondition(lambda self: self.calm)(act)


class Histories(Bounds):
    """What people, EC2 and the state machine may do, in any order."""

    def __init__(self, world: World, *, releases: bool) -> None:
        super().__init__(world, releases=releases)
        self.undisturbed: set[tuple[str, Key]] = set()
        """The current attempts, by run and target, without a fault so far."""
        self.backup: dict[str, tuple[tuple[Any, ...], ...]] | None = None
        self.stuck: set[Key] = set()
        """Targets with a reservation that EC2 refuses to change."""
        self.names = iter(range(10**9))
        self.calm = False
        self.in_a_row = 0
        self.stale_until = 0.0
        """Until then every describe is stale, as from a replica that lags."""

    @initialize(
        pools=st.lists(st.integers(0, 15), min_size=len(KEYS), max_size=len(KEYS)),
        wishes=st.lists(st.integers(1, MAX_TARGET), min_size=len(KEYS), max_size=len(KEYS)),
        lag=st.sampled_from([LAG_SECONDS, LAG_SECONDS, LONG_LAG_SECONDS]),
        remembers=st.booleans(),
        asks=st.sampled_from(WAYS_TO_ASK),
        of_group=st.lists(st.integers(0, 8), min_size=len(WEIGHTS), max_size=len(WEIGHTS)),
    )
    def begin(
        self,
        pools: list[int],
        wishes: list[int],
        lag: float,
        remembers: bool,
        asks: tuple[float, int],
        of_group: list[int],
    ) -> None:
        self.world.reset()
        self.world.ask_every(*asks)
        self.world.capacity.remember_refused_tokens(remembers)
        self.world.release_on_lowered_target(is_on=self.releases)
        self.lag = self.world.lag = lag
        for key, free, wanted in zip(KEYS, pools, wishes, strict=True):
            self.want(key, wanted)
            self.world.capacity.set_free(*key, free + 3)
            self.world.make_foreign(key, 2, None)
            self.world.make_foreign(key, 1, "another-stack/ap-northeast-1")
            self.world.share(key, 2)
        for key, free in zip(WEIGHTS, of_group, strict=True):
            self.world.capacity.set_free(*key, free)
        self.want_in_group(sum(of_group) % (MAX_TARGET + 1))
        # A reservation that is split off later must have a later date.
        self.world.pass_time(1)
        self.foreign = self.world.foreign()

    # People

    @in_the_calm
    @rule(key=keys, wanted=st.integers(0, MAX_TARGET))
    def want(self, key: Key, wanted: int) -> None:
        if wanted < self.total(key):
            # What a target no longer wants is not remembered.
            self.away[key] = 0
        self.world.set_target(key, wanted)
        self.ceiling[key] = max(self.ceiling[key], wanted)
        self._lower_floors()

    @in_the_calm
    @rule(wanted=st.integers(0, MAX_TARGET), left_out=st.none() | st.sampled_from([*WEIGHTS]))
    def want_in_group(self, wanted: int, left_out: Key | None = None) -> None:
        """A person changes the total, and perhaps removes a member, or inserts it again."""
        self.world.set_group(NAME, wanted, {key: weight for key, weight in WEIGHTS.items() if key != left_out})
        self.ceiling[GROUP] = max(self.ceiling[GROUP], wanted)
        self._lower_floors()
        played["member removed"] += left_out is not None

    @in_the_calm
    @rule()
    def withdraw_group(self) -> None:
        self.world.sql("DELETE FROM odcr_group")

    @in_the_calm
    @rule(which=st.integers(0, 2), splits=st.booleans())
    def change_in_group(self, which: int, splits: bool) -> None:
        """A person cancels a reservation of the group, or splits one."""
        for reservation in self.world.managed_of_group(NAME)[which : which + 1]:
            if reservation.state != "active":
                continue
            if not splits:
                self.world.cancel(reservation.id)
            elif reservation.instance_count > 1:
                self.world.split(reservation.id, 1, tagged=True)
                self.foreign = self.world.foreign()
            played["group changed"] += 1

    @in_the_calm
    @rule(key=st.sampled_from([*KEYS, TYPO]))
    def withdraw(self, key: Key) -> None:
        self.away[key] = 0
        self.world.sql("DELETE FROM odcr_capacity WHERE (InstanceType, AvailabilityZone) = (%s, %s)", *key)

    @in_the_calm
    @rule(wanted=st.integers(-3, MAX_TARGET))
    def mistype(self, wanted: int) -> None:
        self.world.set_target(TYPO, wanted)

    @in_the_calm
    @rule(key=keys)
    def cancel(self, key: Key) -> None:
        if not self._is_recorded(key):
            # With two changes at once, a run cannot tell which instances went where.
            self.away[key] = 0
        for reservation in self.world.managed(key)[:1]:
            if reservation.state == "active":
                self.world.cancel(reservation.id)

    @in_the_calm
    @rule(key=keys, count=st.integers(1, 4), how=st.sampled_from(TAKEN_AWAY))
    def take_away(self, key: Key, count: int, how: str) -> None:
        """A person takes a reservation, or a part of it, away from the stack."""
        reservations = self.world.managed(key)
        largest = max(reservations, key=lambda reservation: reservation.instance_count, default=None)
        if largest is None or any(reservation.state != "active" for reservation in reservations):
            return
        count = largest.instance_count if how == "tag" else min(count, largest.instance_count - 1)
        if not count:
            return
        self.away[key] = self.away[key] + count if self._is_recorded(key) else 0
        if how == "tag":
            self.world.remove_tag(largest.id)
        elif how == "lend":
            self.world.lend(largest.id, count)
        else:
            self.world.split(largest.id, count, tagged=how == "split with tags")
        if how == "split with tags":
            self.away[key] -= min(count, self.away[key])
        self.foreign = self.world.foreign()
        self.unseen[key] = (self.world.clock.now() + self.lag, count)
        played[how] += 1

    @in_the_calm
    @rule(key=keys, code=st.sampled_from(UNCHANGEABLE))
    def refuse_changes(self, key: Key, code: str) -> None:
        """From now on EC2 refuses to change the reservations that a target has now."""
        for reservation in self.world.managed(key):
            self.world.refuse_changes(reservation.id, code)
            self.stuck.add(key)

    @in_the_calm
    @rule()
    def back_up(self) -> None:
        self.backup = {table: self.world.sql(f"SELECT * FROM {table}") for table in TABLES}

    @in_the_calm
    @rule()
    def restore(self) -> None:
        self.away.clear()
        for table, rows in (self.backup or {}).items():
            self.world.sql(f"DELETE FROM {table}")
            for row in rows:
                self.world.sql(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", *row)
        self._raise_ceilings()
        self._lower_floors()

    # EC2 and time

    @in_the_calm
    @rule(key=keys, free=st.integers(0, 15))
    def others_take_or_free(self, key: Key, free: int) -> None:
        self.world.capacity.set_free(*key, free)

    @in_the_calm
    @rule(key=st.sampled_from([*WEIGHTS]), free=st.integers(0, 8))
    def others_take_or_free_in_group(self, key: Key, free: int) -> None:
        self.world.capacity.set_free(*key, free)

    @in_the_calm
    @rule(then=st.sampled_from(["active", "failed"]))
    def next_creation_is_pending(self, then: str) -> None:
        state = current()
        with state.lock:
            state.faults.add(Fault(CREATE, FaultKind.PENDING, seconds=60, then=then), self.world.clock.now())

    @in_the_calm
    @rule(seconds=st.sampled_from([1, 20, 61, 400, 1400]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @rule()
    def environments_are_recycled(self) -> None:
        self.world.start_cold()

    # Runs

    @rule()
    def start(self) -> None:
        if len(self._running()) < 2:
            self._started()

    @rule()
    def lose_the_lease(self) -> None:
        self.world.sql("UPDATE odcr_lease SET Holder = ''")

    @in_the_calm
    @rule(which=st.integers(0, 1))
    def abort(self, which: int) -> None:
        for run in self._running()[which : which + 1]:
            run.abort()

    @rule(seed=st.integers(0, 2**32 - 1), length=st.integers(10, 40))
    def storm(self, seed: int, length: int) -> None:
        """Many steps, most of them with faults: Hypothesis alone would draw mostly tame ones."""
        dice = random.Random(seed)
        self.calm = True
        for _ in range(length):
            if dice.random() < 0.15:
                key = dice.choice(KEYS)
                lowest = -6 if self.releases else 0
                self.want(key, max(0, min(MAX_TARGET, self.world.held(key) + dice.randint(lowest, 6))))
                self.others_take_or_free(key, dice.randint(0, 9))
            if dice.random() < 0.1:
                lowest = -4 if self.releases else 0
                self.want_in_group(max(0, min(MAX_TARGET, self.total(GROUP) + dice.randint(lowest, 6))))
                self.others_take_or_free_in_group(dice.choice([*WEIGHTS]), dice.randint(0, 6))
            if dice.random() < 0.03:
                self.change_in_group(dice.randint(0, 2), dice.random() < 0.5)
            if dice.random() < 0.2 and len(self._running()) < 2:
                self.start()
                self.lose_the_lease()
            if dice.random() < 0.06:
                self._take_away_what_is_recorded(dice)
            if dice.random() < 0.04 and (running := self._running()):
                running[-1].abort()
                played["died"] += 1
            if dice.random() < 0.05:
                dice.choice([self.environments_are_recycled, lambda: self.time_passes(61)])()
            if dice.random() < 0.3:
                self.stale_until = self.world.clock.now() + self.lag
            if self.releases and dice.random() < 0.2:
                self._announce(dice.choice(KEYS), dice.randint(1, 6))
            # Most steps make few calls. A run that fails before its first request proves little.
            many = dice.choice([0, 1, 2, 3] if self._is_at_work() else [0, 0, 1, 2])
            calls = {int(dice.expovariate(0.4)): dice.randint(0, 60) for _ in range(many)}
            self._step(dice.randint(0, 1), dice.randint(0, 2), calls, twice=dice.random() < 0.1)

    def _take_away_what_is_recorded(self, dice: random.Random) -> None:
        """A person acts after a run without faults."""
        for run in self._running():
            run.abort()
        # Their functions go on until their time to ask is up.
        self.world.pass_time(self.world.ask_seconds)
        self.lose_the_lease()
        self._undisturbed_run()
        if dice.random() < 0.2:
            self.refuse_changes(dice.choice(KEYS), dice.choice(UNCHANGEABLE))
        else:
            self.take_away(dice.choice(KEYS), dice.randint(1, 4), dice.choice(TAKEN_AWAY))

    def _announce(self, key: Key, fewer: int) -> None:
        """Lowers a target and plays a run without faults: faulty runs seldom get as far as a release."""
        self.want(key, max(0, self.world.held(key) - fewer))
        self.lose_the_lease()
        before = {each: self.world.managed(each) for each in KEYS}
        self._undisturbed_run()
        if self.lag <= LAG_SECONDS:
            self._nothing_was_lost(before)

    @rule(which=st.integers(0, 1), item=st.integers(0, 2), faults=st.just({}) | faulty_calls)
    def step_that_runs_twice(self, which: int, item: int, faults: dict[int, int]) -> None:
        self._step(which, item, faults, twice=True)

    @rule(steps=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2)), min_size=1, max_size=8))
    def steps(self, steps: list[tuple[int, int]]) -> None:
        for which, item in steps:
            self._step(which, item, {})

    def _step(self, which: int, item: int, faults: dict[int, int], *, twice: bool = False) -> None:
        if not self._is_at_work():
            self._lower_ceilings()
            self.floor = {}
            self._lower_floors()
            if self.world.is_leased():
                # Its holder is dead. Without the wait most steps would do nothing.
                self.world.pass_time(self.world.lease_seconds)
        running = self._running() or [self._started()]
        run, others = running[which % len(running)], [*running]
        others.remove(run)
        number = iter(range(10**9))

        def choose(call: Call) -> CallFault | None:
            fault = faults.get(next(number))
            if fault is None:
                is_stale = CallFault.STALE in call.faults and self.world.clock.now() < self.stale_until
                return CallFault.STALE if is_stale else None
            # Stale describes and rivals are what causes duplicates, so they come often.
            if fault > 30 and CallFault.MEANWHILE in call.faults:
                return CallFault.STALE if fault % 2 and CallFault.STALE in call.faults else CallFault.MEANWHILE
            return call.faults[fault % len(call.faults)]

        key, state = run.key_of(item), run.state_of(item)
        if key and run.begins(item):
            self.undisturbed.add((run.name, key))
        answered = len(self.world.answered)
        before = {each: self.world.managed(each) for each in KEYS}
        of_group = self.world.managed_of_group(NAME)
        if others:
            self.undisturbed.discard((run.name, GROUP))

        def rival() -> None:
            for other in others[:1]:
                for _ in range(3):
                    if not other.is_over:
                        other.step_for(key or KEYS[0])

        self.world.injector.meanwhile = rival
        fired = self.world.injector.fired.total()
        with self.world.injector.watching(choose):
            run.step(item, twice=twice)
        played[f"{state}{' with a fault' if self.world.injector.fired.total() > fired else ''}"] += 1
        if self.world.injector.fired.total() > fired:
            self.undisturbed.clear()
        if key and (run.name, key) in self.undisturbed and key not in self.stuck and run.has_met(key, answered):
            played["checked"] += 1
            assert self.held(key) <= self._most(key), "an attempt without faults left more than is wanted"
        if self.lag <= LAG_SECONDS:
            self._nothing_was_lost(before)
            self._nothing_was_lost_of_group(of_group)

    def _started(self) -> Execution:
        return Execution(self.world, f"run-{next(self.names)}")

    @invariant()
    def calm_ends(self) -> None:
        self.in_a_row = self.in_a_row + 1 if self.calm else 0
        if self.in_a_row > 2:
            self.calm = False

    @invariant()
    def nothing_of_others_is_touched(self) -> None:
        if hasattr(self, "foreign"):
            assert self.world.foreign() == self.foreign

    def teardown(self) -> None:
        """All runs die and the faults stop: after two more runs everything is right."""
        if not hasattr(self, "foreign"):
            return
        for run in self._running():
            run.abort()
        stopped = self.world.clock.now()
        state = current()
        with state.lock:
            # Reservations that EC2 refuses to change stay so: they are no reason to hold less.
            state.faults.set = [active for active in state.faults.set if active.fault.kind is FaultKind.REFUSED]
        self.world.start_cold()
        self.world.pass_time(59)
        if not self._is_at_work():
            self._lower_ceilings()
        before = {key: (self.world.held(key), self.world.free(key)) for key in KEYS}
        rows = self.world.rows()
        self._take_over(stopped)
        self._clean_run()
        for key, (held, free) in before.items():
            wanted = rows[key].target if key in rows else 0
            now, elsewhere = self.world.held(key), self._elsewhere(key)
            message = f"{key}: {now} of {wanted} held and {elsewhere} elsewhere, {held} were and {free} were free"
            assert now + elsewhere >= min(wanted, held + free), message
        if self.stuck:
            with state.lock:
                state.faults.clear()
            self._clean_run()
            self._clean_run()
        # A release takes one run more: the first only announces it.
        if self.releases:
            self._clean_run()
        for key in KEYS:
            wanted, now = rows[key].target if key in rows else 0, self.world.held(key)
            message = f"{key}: duplicates were kept: {now} of {wanted}, and {self.away[key]} elsewhere"
            assert now + self.away[key] <= self._most(key), message
            # A reservation that lends some of its instances is never given back.
            if self.releases and key in rows and not self.world.lent[key]:
                assert now <= wanted, f"{key}: {now} of {wanted} held, and not released"
        message = f"the group bought too much and kept it: {self.held(GROUP)} of {self._total_of_group()}"
        assert self.held(GROUP) <= self._most(GROUP), message
        assert self.world.disagreements() == []
        assert self.world.foreign() == self.foreign
        assert self.world.sql("SELECT * FROM odcr_outbox") == (), "mails that were not sent"
        played["histories"] += 1

    def _take_over(self, stopped: float) -> None:
        """The schedule starts a run each minute, and one of them soon does its work."""
        before = len(self.world.machine.executions)

        def following() -> list[Execution]:
            return [run for run in all_of(self.world)[before:] if "FindShortfalls" in run.stepper.entered]

        play(self.world, lambda: any(run.is_over for run in following()), scheduled=stopped + 60)
        run = following()[0]
        assert run.phase is execution.Phase.SUCCEEDED, run.failure
        assert run.stepper.entered["FindShortfalls"] <= stopped + takeover_seconds(self.world)
        # Otherwise runs would follow as long as anything is short.
        self.world.schedule(state="DISABLED")
        for run in self._running():
            run.abort()
        self.world.pass_time(self.world.lease_seconds)

    def _clean_run(self) -> None:
        run = self._undisturbed_run()
        assert run.phase is execution.Phase.SUCCEEDED, run.failure
        self.world.pass_time(61)

    def _undisturbed_run(self) -> Execution:
        """A run without faults or rivals, started by a person, that asks for a short time."""
        usual = self.world.ask_seconds
        self.world.ask_for(10)
        name = f"run-{next(self.names)}"
        run = Execution(self.world, name, self.world.machine.start(name)).run()
        self.world.ask_for(usual)
        return run


@pytest.mark.parametrize("releases", [False, True], ids=["keeping", "releasing"])
def test_after_any_history_everything_is_right_once_the_faults_stop(
    world: World, capsys: pytest.CaptureFixture[str], releases: bool
) -> None:
    examples = EXAMPLES // 2
    make_tables(world)
    played.clear()
    world.injector.fired.clear()
    is_long = "HISTORIES" in os.environ
    run_state_machine_as_test(
        lambda: Histories(world, releases=releases),
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            # CI always plays the same histories, a long run always new ones.
            derandomize=not is_long,
            database=None,
            print_blob=True,
            # Shrinking takes an hour, and a smaller seed of a storm says nothing.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print(f"\n{dict(played)}\nfaults { ({fault.value: n for fault, n in world.injector.fired.items()}) }")
    assert played["histories"] >= examples
    assert releases or not played["released"]
    assert played["PauseBetweenRounds"]
    # A trial with few random histories may miss something.
    if examples > 30 or not is_long:
        assert played.total() > 60 * examples
        assert set(world.injector.fired) >= set(CallFault) - (set() if is_long else RARE)
        assert {*(() if releases else TAKEN_AWAY), "died", "group changed", "member removed"} <= set(+played)
        assert played["released"] > (examples if releases else -1)
