"""The actions on Capacity Reservations, without HTTP."""

from dataclasses import replace
from typing import Any

from localcloud.ec2 import catalogue, faults
from localcloud.ec2.changeability import must_allow, must_be_active, must_be_cancellable, must_be_managed
from localcloud.ec2.client_tokens import TokenScope
from localcloud.ec2.create_request import CreateRequest, parse_create
from localcloud.ec2.errors import (
    CapacityReservationError,
    Unsupported,
    no_capacity,
)
from localcloud.ec2.faults import FaultKind
from localcloud.ec2.modify_request import parse_modify
from localcloud.ec2.new_reservation import make, reading_at
from localcloud.ec2.parameters import (
    Parameters,
    refuse_missing_features,
    reservation_id,
)
from localcloud.ec2.placement_groups import prefix_of
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.reservations_of_region import end_dry_run, without_token
from localcloud.ec2.transfer_actions import TransferActions


class CapacityReservationBackend(TransferActions):
    """The actions that change reservations. A request has all of its effect or none."""

    def create(self, parameters: Parameters) -> dict[str, Any]:
        """Makes a reservation of as many instances as asked for; the `CapacityReservation` of the answer.

        A client token that comes again with the same parameters changes nothing, and is answered with the reservation
        as it is by then.
        """
        with self._state.lock:
            now = self._state.settle()
            request = parse_create(parameters, self._region, self._state.pools)
            if request.placement_group_arn:
                prefix = prefix_of(self._owner.partition, self._region, self._account)
                self._state.placement_groups.must_take_reservations(request.placement_group_arn, prefix)
            end_dry_run(parameters)
            if request.client_token is None:
                return self._answer(self._reserve(request, now))
            scope = TokenScope(self._account, self._region, request.availability_zone, request.client_token)
            known = self._state.tokens.recall(scope, request)
            if known is not None:
                return self._answer(self._existing(known, now))
            reservation = self._reserve(request, now)
            self._state.tokens.succeeded(scope, request, reservation.id)
            return self._answer(reservation)

    def modify(self, parameters: Parameters) -> dict[str, Any]:
        """Changes an active reservation; the whole answer. The count is absolute."""
        with self._state.lock:
            now = self._state.settle()
            before = self._existing(reservation_id(parameters), now)
            must_be_managed(before, self._account, "modified")
            must_be_active(before, "modified")
            request = parse_modify(parameters, before)
            end_dry_run(parameters)
            must_allow(before, request)
            asked = faults.Request(faults.MODIFY, self._region, before.instance_type, before.id)
            adjusting = self._state.faults.hit(asked, now, FaultKind.ADJUSTING)
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
            if adjusting is None:
                after = self._resize(after, before.instance_count, asked, now)
            else:
                after = replace(
                    before,
                    adjustment_status="requested",
                    adjusted_at=now + (adjusting.fault.seconds or 0),
                    after_adjustment=after if adjusting.fault.then == "applied" else None,
                    at=now,
                )
            self._history.put(after)
            self._state.settle()
            return {"Return": True, "AdjustmentStatus": self._existing(after.id, now).adjustment_status}

    def cancel(self, parameters: Parameters) -> dict[str, Any]:
        """Ends an active reservation and gives back its instances; the whole answer.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html
        """
        with self._state.lock:
            now = self._state.settle()
            before = self._existing(reservation_id(parameters), now)
            refuse_missing_features(parameters, ("ApplyCancellationCharges", "QuoteId"))
            must_be_managed(before, self._account, "cancelled")
            must_be_cancellable(before)
            end_dry_run(parameters)
            after = replace(before, state="cancelled", at=now)
            self._history.put(after)
            if before.holds:
                self._state.give_back(after)
            return {"Return": True}

    def repeat_refusal(self, parameters: Parameters) -> None:
        """Refuses a create whose token was refused before, if the cloud is to remember that."""
        if scope := self._raw_scope(parameters):
            with self._state.lock:
                self._state.tokens.repeat_refusal(scope, without_token(parameters))

    def remember_refusal(self, parameters: Parameters, refusal: CapacityReservationError) -> None:
        """Remembers that a create was refused, if the cloud is to, whatever refused it."""
        if scope := self._raw_scope(parameters):
            with self._state.lock:
                self._state.tokens.refused(scope, without_token(parameters), refusal)

    def _raw_scope(self, parameters: Parameters) -> TokenScope | None:
        zone = str(parameters.get("AvailabilityZone") or parameters.get("AvailabilityZoneId"))
        token = parameters.get("ClientToken")
        return TokenScope(self._account, self._region, zone, str(token)) if token else None

    def _reserve(self, request: CreateRequest, now: float) -> Reservation:
        instance_type, zone = request.instance_type, request.availability_zone
        if (instance_type, zone) in self._state.not_offered or not catalogue.is_offered(
            instance_type, zone, self._region
        ):
            raise Unsupported(
                f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
                f"({zone})."
            )
        asked = faults.Request(faults.CREATE, self._region, instance_type)
        made = make(request, self._owner, next(self._state.sequence), now)
        # A pending one absorbs at once as well: the instances' capacity is promised to it.
        reservation = self._resize(made, 0, asked, now)
        pending = self._state.faults.hit(asked, now, FaultKind.PENDING)
        if pending:
            until = now + (pending.fault.seconds or 0)
            reservation = replace(
                reservation,
                state="pending",
                start_date=None,
                pending_until=until,
                after_pending=str(pending.fault.then),
            )
        if request.tags:
            self._moto.create_tags([reservation.id], request.tags)
        self._history.put(reservation)
        return reservation

    def _resize(self, after: Reservation, held: int, asked: faults.Request, now: float) -> Reservation:
        """It with what it absorbs, after taking what it has more, or giving back what it has less."""
        state, instance_type, zone = self._state, after.instance_type, after.availability_zone
        more = after.instance_count - held
        refused = None
        if more > 0:
            own = (one for one in self._history.all() if one.owner_id == self._account)
            state.quotas.check_instances(self._region, own, instance_type, more)
            joining = state.instances.joining(after, state.members.groups_with(after.arn))
            state.check_quota(self._region, instance_type, more - len(joining))
            refused = state.faults.hit(asked, now, FaultKind.INSUFFICIENT_CAPACITY)
        resized = None if refused else state.resize(after, held)
        if resized is None:
            raise no_capacity(instance_type, zone)
        return resized
