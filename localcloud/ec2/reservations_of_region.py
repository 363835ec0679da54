"""The reservations of one account in one Region, as requests find them."""

from collections.abc import Sequence
from typing import Any

from localcloud.ec2 import faults
from localcloud.ec2.describe import Filters, page_of
from localcloud.ec2.errors import DryRunOperation, InvalidCapacityReservationIdNotFound
from localcloud.ec2.faults import FaultKind
from localcloud.ec2.history import ReservationHistory
from localcloud.ec2.new_reservation import Owner
from localcloud.ec2.parameters import Parameters, checked_id
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import State


class ReservationsOfRegion:
    """Finds and describes them; those that other accounts share are among them.

    Args:
        state: the process's own.
        ec2_backend: moto's, which keeps the tags.
    """

    def __init__(self, state: State, ec2_backend: Any) -> None:
        self._state = state
        self._moto = ec2_backend
        self._account, self._region = str(ec2_backend.account_id), str(ec2_backend.region_name)
        self._owner = Owner(str(ec2_backend.partition), self._region, self._account)

    def describe(self, parameters: Parameters) -> dict[str, Any]:
        """One page of reservations, ended ones included; the whole answer."""
        with self._state.lock:
            now = self._state.settle()
            filters = Filters(parameters.get("Filters") or [])
            end_dry_run(parameters)
            seen = [one for one in self._seen(now) if one.is_visible(now)]
            if ids := parameters.get("CapacityReservationIds"):
                seen = _only(seen, ids)
            matching = [one for one in seen if filters.match(self._answer(one))]
            page, token = page_of(matching, parameters.get("MaxResults"), parameters.get("NextToken"))
            return {"CapacityReservations": [self._answer(one) for one in page], "NextToken": token}

    def instance_type_of(self, given_id: str) -> str | None:
        """The type of a reservation, or None if there is no such reservation."""
        with self._state.lock:
            reservation = self._history.get(given_id)
            return reservation.instance_type if reservation else None

    def exists(self, given_id: str) -> bool:
        """Whether there is, or was, such a reservation."""
        return self.instance_type_of(given_id) is not None

    def _seen(self, now: float) -> list[Reservation]:
        stale = self._state.faults.hit(faults.Request(faults.DESCRIBE, self._region), now, FaultKind.STALE_DESCRIBE)
        if stale is None:
            return self._history.all()
        return self._history.as_of(stale.set_at if stale.fault.seconds is None else now - stale.fault.seconds)

    def _existing(self, given_id: str, now: float) -> Reservation:
        reservation = self._history.get(given_id)
        if reservation is None or not reservation.is_visible(now):
            raise InvalidCapacityReservationIdNotFound(given_id)
        return reservation

    def _answer(self, reservation: Reservation) -> dict[str, Any]:
        return reservation.answer(dict(self._moto.tags.get(reservation.id, {})))

    @property
    def _history(self) -> ReservationHistory:
        return self._state.history(self._account, self._region)


def end_dry_run(parameters: Parameters) -> None:
    """Refuses a dry run, which has found nothing wrong."""
    if parameters.get("DryRun"):
        raise DryRunOperation


def without_token(parameters: Parameters) -> dict[str, Any]:
    """What must be the same when a client token comes again."""
    return {name: value for name, value in parameters.items() if name != "ClientToken"}


def _only(seen: Sequence[Reservation], ids: Sequence[str]) -> list[Reservation]:
    by_id = {one.id: one for one in seen}
    for wanted in ids:
        if checked_id(wanted) not in by_id:
            raise InvalidCapacityReservationIdNotFound(wanted)
    return [one for one in seen if one.id in ids]
