"""The actions on reservations, as a mixin of moto's EC2Backend."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses._base_response import EC2BaseResponse

from localcloud.capacity_reservations import describe, market, requests, rules, tags
from localcloud.capacity_reservations.exceptions import ReservationNotFoundError
from localcloud.capacity_reservations.placement_groups import must_take_reservations
from localcloud.capacity_reservations.requests import Parameters, checked_id, end_dry_run, required
from localcloud.capacity_reservations.reservation import CapacityReservation, new_identity
from localcloud.capacity_reservations.store import ReservationStore

_Action = Callable[[Any, Parameters], dict[str, Any]]


def _in_one_step(action: _Action) -> _Action:
    """Makes the changes that are due, then runs the action; one at a time."""

    @functools.wraps(action)
    def perform(self: Any, given: Parameters) -> dict[str, Any]:
        with market.current().lock:
            self.settle_capacity_reservations()
            return action(self, given)

    return perform


class CapacityReservationBackend(ReservationStore):
    """Each action takes a request's parameters and returns the answer. It takes effect completely or not at all."""

    @_in_one_step
    def create_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Makes a reservation of as many instances as asked for.

        If a client token comes again with the same parameters, nothing changes, and the answer is the reservation as
        it is by then.
        """
        request = fields, new_tags = requests.to_create(given, self.region_name), tags.of_request(given)
        if arn := given.get("PlacementGroupArn"):
            must_take_reservations(self, arn)
        end_dry_run(given)
        token = fields["availability_zone"], given.get("ClientToken", "")
        first, made = self.capacity_reservation_tokens.get(token, (request, ""))
        if first != request:
            raise EC2ClientError(
                "IdempotentParameterMismatch", "The client token has been used before, with other parameters."
            )
        if not made:
            made = self._reserve(fields, new_tags)
            if given.get("ClientToken"):
                self.capacity_reservation_tokens[token] = request, made
        return {"CapacityReservation": self._answer(self.existing(made))}

    @_in_one_step
    def modify_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Changes an active reservation. The count is absolute."""
        before = self.existing(required(given, "CapacityReservationId"))
        rules.must_be_managed(before, self.account_id, "modified")
        rules.must_be_modifiable(before)
        changes = requests.to_modify(given, before)
        end_dry_run(given)
        after = replace(before, **changes, adjustment_status="applied", at=market.current().now())
        rules.must_allow(before, after)
        postponed = market.current().postponed(self, before, after)
        self.put_capacity_reservation(postponed or self.grown(after, before.instance_count))
        self.settle_capacity_reservations()
        return {"Return": True, "AdjustmentStatus": self.existing(before.id).adjustment_status}

    @_in_one_step
    def cancel_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Ends an active reservation and gives back its instances.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html
        """
        before = self.existing(required(given, "CapacityReservationId"))
        requests.refuse_missing_features(given, "ApplyCancellationCharges", "QuoteId")
        rules.must_be_managed(before, self.account_id, "cancelled")
        rules.must_be_cancellable(before)
        end_dry_run(given)
        self.put_ended(before, replace(before, state="cancelled", at=market.current().now()))
        return {"Return": True}

    @_in_one_step
    def describe_capacity_reservations(self, given: Parameters) -> dict[str, Any]:
        """One page of reservations, ended ones included."""
        filters, ids, now = given.get("Filters") or [], given.get("CapacityReservationIds"), market.current().now()
        seen = {one.id: one for one in market.current().seen(self) if one.is_visible(now)}
        for given_id in ids or []:
            if checked_id(given_id) not in seen:
                raise ReservationNotFoundError(given_id)
        answers = [self._answer(one) for one in seen.values() if not ids or one.id in ids]
        page, token = describe.page_of(
            describe.matching(filters, answers),
            list(self.capacity_reservations),
            given.get("MaxResults"),
            given.get("NextToken"),
        )
        end_dry_run(given)
        return {"CapacityReservations": page, "NextToken": token}

    def _reserve(self, fields: dict[str, Any], new_tags: dict[str, str]) -> str:
        instance_type, zone, supply = fields["instance_type"], fields["availability_zone"], market.current()
        if not supply.is_offered(instance_type, zone, self.region_name):
            raise EC2ClientError(
                "Unsupported",
                f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
                f"({zone}).",
            )
        date = supply.date()
        made = CapacityReservation(
            **new_identity(self.partition, self.region_name, self.account_id),
            **fields,
            create_date=date,
            start_date=date,
            at=supply.now(),
            ends_at=supply.reading_at(fields["end_date"]),
        )
        # A pending reservation absorbs at once, too: the instances' capacity is promised to it.
        made = supply.created(self, self.grown(made, 0))
        if new_tags:
            self.create_tags([made.id], new_tags)
        self.put_capacity_reservation(made)
        return made.id

    def _answer(self, reservation: CapacityReservation) -> dict[str, Any]:
        return reservation.answer(self.tags.get(reservation.id, {}))


class CapacityReservationsResponse(EC2BaseResponse):
    """The actions, as a mixin of moto's EC2Response, which dispatches to them."""

    def create_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.create_capacity_reservation(self._get_params()))

    def modify_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.modify_capacity_reservation(self._get_params()))

    def cancel_capacity_reservation(self) -> ActionResult:
        return ActionResult(self.ec2_backend.cancel_capacity_reservation(self._get_params()))

    def describe_capacity_reservations(self) -> ActionResult:
        return ActionResult(self.ec2_backend.describe_capacity_reservations(self._get_params()))
