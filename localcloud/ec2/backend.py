"""The four actions on Capacity Reservations, without HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from localcloud.ec2 import catalogue, faults
from localcloud.ec2.client_tokens import TokenScope
from localcloud.ec2.create_request import CreateRequest, parse_create
from localcloud.ec2.describe import Filters, page_of
from localcloud.ec2.errors import (
    CapacityReservationError,
    DryRunOperation,
    InsufficientInstanceCapacity,
    InvalidCapacityReservationIdNotFound,
    InvalidState,
    Unsupported,
)
from localcloud.ec2.faults import FaultKind
from localcloud.ec2.history import ReservationHistory
from localcloud.ec2.modify_request import parse_modify
from localcloud.ec2.new_reservation import Owner, make, reading_at
from localcloud.ec2.parameters import Parameters, checked_id, refuse_missing_features, reservation_id
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.state import State


class CapacityReservationBackend:
    """The reservations of one account in one Region. A request has all of its effect or none.

    Args:
        state: the process's own.
        ec2_backend: moto's, which keeps the tags.
    """

    def __init__(self, state: State, ec2_backend: Any) -> None:
        self._state = state
        self._moto = ec2_backend
        self._account, self._region = str(ec2_backend.account_id), str(ec2_backend.region_name)
        self._owner = Owner(str(ec2_backend.partition), self._region, self._account)

    def create(self, parameters: Parameters) -> dict[str, Any]:
        """Makes a reservation of as many instances as asked for; the `CapacityReservation` of the answer.

        A client token that comes again with the same parameters changes nothing, and is answered with the reservation
        as it is by then.
        """
        with self._state.lock:
            now = self._state.settle()
            request = parse_create(parameters, self._region, self._state.pools)
            _end_dry_run(parameters)
            if request.client_token is None:
                return self._answer(self._reserve(request, now))
            scope = TokenScope(self._account, self._region, request.availability_zone, request.client_token)
            tokens = self._state.tokens
            known = tokens.recall(scope, request)
            if known is not None:
                return self._answer(self._existing(known, now))
            try:
                reservation = self._reserve(request, now)
            except CapacityReservationError as refusal:
                tokens.refused(scope, request, refusal)
                raise
            tokens.succeeded(scope, request, reservation.id)
            return self._answer(reservation)

    def modify(self, parameters: Parameters) -> dict[str, Any]:
        """Changes an active reservation; the whole answer. The count is absolute."""
        with self._state.lock:
            now = self._state.settle()
            before = self._existing(reservation_id(parameters), now)
            _must_be_active(before, "modified")
            request = parse_modify(parameters, before)
            _end_dry_run(parameters)
            more = request.instance_count - before.instance_count
            if more > 0:
                self._take(before.instance_type, before.availability_zone, more, faults.MODIFY, now)
            elif more < 0:
                self._state.pools.give_back(before.instance_type, before.availability_zone, -more)
            ends_at = before.ends_at if request.end_date == before.end_date else reading_at(request.end_date, now)
            after = replace(
                before,
                instance_count=request.instance_count,
                end_date_type=request.end_date_type,
                end_date=request.end_date,
                ends_at=ends_at,
                instance_match_criteria=request.instance_match_criteria,
                adjustment_status="applied",
                at=now,
            )
            self._history.put(after)
            return {"Return": True, "AdjustmentStatus": after.adjustment_status}

    def cancel(self, parameters: Parameters) -> dict[str, Any]:
        """Ends an active reservation and gives back its instances; the whole answer.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html
        """
        with self._state.lock:
            now = self._state.settle()
            before = self._existing(reservation_id(parameters), now)
            refuse_missing_features(parameters, ("ApplyCancellationCharges", "QuoteId"))
            _must_be_active(before, "cancelled")
            _end_dry_run(parameters)
            after = replace(before, state="cancelled", at=now)
            self._history.put(after)
            self._state.give_back(after)
            return {"Return": True}

    def describe(self, parameters: Parameters) -> dict[str, Any]:
        """One page of reservations, ended ones included; the whole answer."""
        with self._state.lock:
            now = self._state.settle()
            filters = Filters(parameters.get("Filters") or [])
            _end_dry_run(parameters)
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

    def _reserve(self, request: CreateRequest, now: float) -> Reservation:
        instance_type, zone = request.instance_type, request.availability_zone
        if (instance_type, zone) in self._state.not_offered or not catalogue.is_offered(
            instance_type, zone, self._region
        ):
            raise Unsupported(
                f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
                f"({zone})."
            )
        self._take(instance_type, zone, request.instance_count, faults.CREATE, now)
        reservation = make(request, self._owner, next(self._state.sequence), now)
        pending = self._state.faults.hit(faults.CREATE, instance_type, now, FaultKind.PENDING)
        if pending:
            until = now + (pending.fault.seconds or 0)
            reservation = replace(
                reservation, state="pending", start_date=None, pending_until=until, after_pending=pending.fault.then
            )
        if request.tags:
            self._moto.create_tags([reservation.id], request.tags)
        self._history.put(reservation)
        return reservation

    def _take(self, instance_type: str, zone: str, count: int, action: str, now: float) -> None:
        state = self._state
        state.quotas.check(self._region, self._history.all(), instance_type, count)
        refused = state.faults.hit(action, instance_type, now, FaultKind.INSUFFICIENT_CAPACITY)
        if refused or not state.pools.take(instance_type, zone, count):
            raise InsufficientInstanceCapacity(
                f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested "
                f"({zone})."
            )

    def _seen(self, now: float) -> list[Reservation]:
        stale = self._state.faults.hit(faults.DESCRIBE, None, now, FaultKind.STALE_DESCRIBE)
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


def _only(seen: Sequence[Reservation], ids: Sequence[str]) -> list[Reservation]:
    by_id = {one.id: one for one in seen}
    for wanted in ids:
        if checked_id(wanted) not in by_id:
            raise InvalidCapacityReservationIdNotFound(wanted)
    return [one for one in seen if one.id in ids]


def _must_be_active(reservation: Reservation, done: str) -> None:
    if reservation.state != "active":
        raise InvalidState(
            f"The capacity reservation '{reservation.id}' is {reservation.state} and cannot be {done}; "
            "it must be active."
        )


def _end_dry_run(parameters: Parameters) -> None:
    if parameters.get("DryRun"):
        raise DryRunOperation
