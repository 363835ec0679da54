"""The state of EC2 behind the actions: one for the process, as moto's."""

import itertools
import math
import threading
from dataclasses import replace
from datetime import UTC, datetime

from moto.ec2.models import ec2_backends

from localcloud.clock import Clock
from localcloud.ec2.client_tokens import ClientTokens
from localcloud.ec2.faults import Faults
from localcloud.ec2.history import ReservationHistory
from localcloud.ec2.pools import CapacityPools
from localcloud.ec2.quotas import Quotas
from localcloud.ec2.request_rate import RequestRate
from localcloud.ec2.reservation import Reservation

_current: "State | None" = None


class State:
    """Everything that requests and the control API share. Whoever reads or changes it holds `lock`."""

    def __init__(self, clock: Clock) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self._histories: dict[tuple[str, str], ReservationHistory] = {}
        self._empty()

    def reset(self) -> None:
        """Empties all of it, and forgets the reservations' tags in moto."""
        with self.lock:
            for (account, region), history in self._histories.items():
                ec2_backend = ec2_backends[account][region]
                for reservation in history.all():
                    ec2_backend.tags.pop(reservation.id, None)
            self._empty()

    def history(self, account: str, region: str) -> ReservationHistory:
        """The reservations of an account in a Region, after `settle`."""
        return self._histories.setdefault((account, region), ReservationHistory())

    def histories_of(self, account: str) -> list[tuple[str, ReservationHistory]]:
        """The Regions in which an account has had reservations, and these, after `settle`."""
        return [(region, history) for (owner, region), history in self._histories.items() if owner == account]

    def settle(self) -> float:
        """Lets the changes happen that time has brought, and returns the reading of the clock up to which it did."""
        now = self.clock.now()
        for history in self._histories.values():
            for reservation in history.due(now):
                while reservation.changes_at <= now:
                    before, reservation = reservation, self._next(reservation)
                    history.put(reservation)
                    if before.holds and not reservation.holds:
                        self.give_back(reservation)
        return now

    def resize(self, before: Reservation, count: int) -> bool:
        """Takes from the pool what a reservation of this count has more, or gives back; False if the pool lacks it."""
        instance_type, zone, more = before.instance_type, before.availability_zone, count - before.instance_count
        if more > 0:
            return self.pools.take(instance_type, zone, more)
        self.pools.give_back(instance_type, zone, -more)
        return True

    def give_back(self, reservation: Reservation) -> None:
        """Returns the instances of an ended reservation to their pool."""
        self.pools.give_back(reservation.instance_type, reservation.availability_zone, reservation.instance_count)

    def _next(self, reservation: Reservation) -> Reservation:
        at = max(reservation.at, reservation.changes_at)
        if reservation.state == "active" and reservation.adjusted_at == reservation.changes_at:
            return self._adjusted(reservation, at)
        if reservation.state == "active":
            return replace(reservation, state="expired", at=at)
        started = datetime.now(UTC) if reservation.after_pending == "active" else None
        return replace(reservation, state=reservation.after_pending, at=at, start_date=started)

    def _adjusted(self, before: Reservation, at: float) -> Reservation:
        after, status = before.after_adjustment, "applied"
        if after is None or not self.resize(before, after.instance_count):
            after, status = before, "rejected"
        return replace(after, adjustment_status=status, adjusted_at=math.inf, after_adjustment=None, at=at)

    def _empty(self) -> None:
        self.pools = CapacityPools()
        self.quotas = Quotas()
        self.tokens = ClientTokens()
        self.faults = Faults()
        self.rate = RequestRate(self.clock)
        self.not_offered: set[tuple[str, str]] = set()
        """Pairs of type and zone that EC2 is to lack, beside those that it lacks by moto's data."""
        self.sequence = itertools.count()
        self._histories.clear()


def replace_current(clock: Clock) -> None:
    """Makes a new state the process's own, after emptying the one before."""
    global _current
    if _current is not None:
        _current.reset()
    _current = State(clock)


def current() -> State:
    """The process's state.

    Raises:
        RuntimeError: there is none yet.
    """
    if _current is None:
        raise RuntimeError("Call localcloud.ec2.install(clock) first")
    return _current
