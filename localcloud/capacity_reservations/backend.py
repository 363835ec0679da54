"""What would be a mixin of moto's EC2Backend: the actions on reservations, and what time brings."""

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from moto.ec2.exceptions import EC2ClientError
from moto.resourcegroups.models import resourcegroups_backends

from localcloud.capacity_reservations import describe, instances, market, requests, rules, tags
from localcloud.capacity_reservations.exceptions import (
    InsufficientCapacityError,
    InvalidValueError,
    ReservationNotFoundError,
)
from localcloud.capacity_reservations.placement_groups import must_take_reservations
from localcloud.capacity_reservations.requests import Parameters, checked_id, end_dry_run, required
from localcloud.capacity_reservations.reservation import CapacityReservation, new_identity

_P, _R = ParamSpec("_P"), TypeVar("_R")
_NOT_INHERITED = frozenset({"CapacityAllocations", "InterruptibleCapacityAllocation", "InterruptionInfo"})
"""Of what describe shows, by a reservation that is split off."""


def _in_one_step(
    action: Callable[Concatenate[Any, _P], _R],
) -> Callable[Concatenate["CapacityReservationBackend", _P], _R]:
    """Makes an action wait for all others, and come after what time has brought."""

    @functools.wraps(action)
    def perform(self: "CapacityReservationBackend", *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with market.current().lock:
            self.settle_capacity_reservations()
            return action(self, *args, **kwargs)

    return perform


class CapacityReservationBackend:
    """The reservations of one account in one Region. A request has all of its effect or none."""

    account_id: str
    region_name: str
    partition: str
    tags: dict[str, dict[str, str]]
    create_tags: Callable[[list[str], dict[str, str]], bool]

    def __init__(self) -> None:
        self.capacity_reservations: dict[str, CapacityReservation] = {}
        """All that the account sees, ended and shared ones included, in order of creation."""
        self.capacity_reservation_tokens: dict[tuple[str, str], tuple[Any, str]] = {}
        """What a client token stands for in a zone: the request, and the id of what it made. EC2 documents only that
        another Region or zone is another token space; how long it remembers is unknown, so this never forgets:
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Run_Instance_Idempotency.html
        """
        self._nothing_changes_before = -math.inf

    @_in_one_step
    def create_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Makes a reservation of as many instances as asked for; the `CapacityReservation` of the answer.

        A client token that comes again with the same parameters changes nothing, and is answered with the reservation
        as it is by then.
        """
        fields, new_tags = requests.to_create(given, self.region_name), tags.of_request(given)
        if arn := given.get("PlacementGroupArn"):
            must_take_reservations(self, arn)
        end_dry_run(given)

        def make() -> CapacityReservation:
            return self._reserve(fields, new_tags)

        return self._answer(self._once(fields["availability_zone"], given, (fields, new_tags), make))

    @_in_one_step
    def modify_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Changes an active reservation; the whole answer. The count is absolute."""
        before = self._existing(required(given, "CapacityReservationId"))
        rules.must_be_managed(before, self.account_id, "modified")
        rules.must_be_active(before, "modified")
        changes = requests.to_modify(given, before)
        end_dry_run(given)
        after = replace(before, **changes, adjustment_status="applied", at=market.current().now())
        rules.must_allow(before, after)
        postponed = market.current().postponed(self, before, after)
        self.put_capacity_reservation(postponed or self._grown(after, before.instance_count))
        self.settle_capacity_reservations()
        return {"Return": True, "AdjustmentStatus": self._existing(before.id).adjustment_status}

    @_in_one_step
    def cancel_capacity_reservation(self, given: Parameters) -> dict[str, Any]:
        """Ends an active reservation and gives back its instances; the whole answer.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CancelCapacityReservation.html
        """
        before = self._existing(required(given, "CapacityReservationId"))
        requests.refuse_missing_features(given, "ApplyCancellationCharges", "QuoteId")
        rules.must_be_managed(before, self.account_id, "cancelled")
        rules.must_be_cancellable(before)
        end_dry_run(given)
        self._put_ended(before, replace(before, state="cancelled", at=market.current().now()))
        return {"Return": True}

    @_in_one_step
    def describe_capacity_reservations(self, given: Parameters) -> dict[str, Any]:
        """One page of reservations, ended ones included; the whole answer."""
        filters, ids, now = given.get("Filters") or [], given.get("CapacityReservationIds"), market.current().now()
        describe.matching(filters, [])
        end_dry_run(given)
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
        return {"CapacityReservations": page, "NextToken": token}

    @_in_one_step
    def create_capacity_reservation_by_splitting(self, given: Parameters) -> dict[str, Any]:
        """Makes a reservation of available instances of another, with the tags of the request only; the whole answer.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-split.html. On EC2 running instances
        may follow; here none does.
        """
        source, count = self._existing(required(given, "SourceCapacityReservationId")), int(given["InstanceCount"])

        def split() -> CapacityReservation:
            rules.must_be_managed(source, self.account_id, "split")
            rules.must_be_active(source, "split")
            rules.must_be_uncommitted(source)
            most = min(source.available, source.instance_count - 1)
            if not 1 <= count <= most:
                raise InvalidValueError(
                    f"Value ({count}) for parameter InstanceCount is invalid. At most {most} can be split off."
                )
            new_tags = tags.of_request(given)
            end_dry_run(given)
            date, now = market.current().date(), market.current().now()
            made = replace(
                source,
                **self._identity(),
                instance_count=count,
                in_use=0,
                create_date=date,
                start_date=date,
                adjustment_status=None,
                described={name: value for name, value in source.described.items() if name not in _NOT_INHERITED},
                at=now,
            )
            self.put_capacity_reservation(replace(source, instance_count=source.instance_count - count, at=now))
            return self._tagged(made, new_tags)

        request = {name: value for name, value in given.items() if name != "ClientToken"}
        made = self._once("", given, request, split)
        return {
            "SourceCapacityReservation": self._answer(self._existing(source.id)),
            "DestinationCapacityReservation": self._answer(made),
            "InstanceCount": count,
        }

    def put_capacity_reservation(self, reservation: CapacityReservation) -> None:
        """Makes this its newest version."""
        self.capacity_reservations[reservation.id] = reservation
        self._nothing_changes_before = min(self._nothing_changes_before, reservation.changes_at)
        market.current().noted(self, reservation)

    def settle_capacity_reservations(self) -> None:
        """Lets the changes happen that time has brought."""
        now = market.current().now()
        if now < self._nothing_changes_before:
            return
        self._nothing_changes_before = math.inf
        for reservation in list(self.capacity_reservations.values()):
            changing = reservation
            while changing.changes_at <= now:
                before, changing = changing, self._next(changing)
                self._put_ended(before, changing)
            self._nothing_changes_before = min(self._nothing_changes_before, changing.changes_at)

    def forget_capacity_reservations(self) -> None:
        """Empties everything, as if nothing had ever been reserved; tags and members of groups as well."""
        for reservation_id in self.capacity_reservations:
            self.tags.pop(reservation_id, None)
        for group in resourcegroups_backends[self.account_id][self.region_name].groups.by_name.values():
            vars(group).pop("reservations", None)
        CapacityReservationBackend.__init__(self)

    def absorb_instances(self, reservation: CapacityReservation) -> None:
        """Lets running instances into a reservation that has come to fit them."""
        if reservation.state == "active":
            resized = self._resized(reservation, reservation.instance_count)
            if resized is not None and resized is not reservation:
                self.put_capacity_reservation(replace(resized, at=market.current().now()))

    def _once(
        self, scope: str, given: Parameters, request: Any, make: Callable[[], CapacityReservation]
    ) -> CapacityReservation:
        """What the same request with the same client token made before, or makes now."""
        key = (scope, str(given.get("ClientToken")))
        first, made = self.capacity_reservation_tokens.get(key, (None, ""))
        if not given.get("ClientToken"):
            return make()
        if not made:
            reservation = make()
            self.capacity_reservation_tokens[key] = request, reservation.id
            return reservation
        if first != request:
            raise EC2ClientError(
                "IdempotentParameterMismatch", "The client token has been used before, with other parameters."
            )
        return self._existing(made)

    def _reserve(self, fields: dict[str, Any], new_tags: dict[str, str]) -> CapacityReservation:
        instance_type, zone, supply = fields["instance_type"], fields["availability_zone"], market.current()
        if not supply.is_offered(instance_type, zone, self.region_name):
            raise EC2ClientError(
                "Unsupported",
                f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone "
                f"({zone}).",
            )
        date, ends_at = supply.date(), supply.reading_at(fields["end_date"])
        identity = self._identity()
        made = CapacityReservation(
            **identity, **fields, create_date=date, start_date=date, at=supply.now(), ends_at=ends_at
        )
        # A pending one absorbs at once as well: the instances' capacity is promised to it.
        return self._tagged(supply.created(self, self._grown(made, 0)), new_tags)

    def _tagged(self, made: CapacityReservation, new_tags: dict[str, str]) -> CapacityReservation:
        if new_tags:
            self.create_tags([made.id], new_tags)
        self.put_capacity_reservation(made)
        return made

    def _grown(self, after: CapacityReservation, held: int) -> CapacityReservation:
        """It with what it absorbs, after taking what it has more, or giving back what it has less."""
        more = after.instance_count - held
        if more > 0:
            more -= len(instances.joining(self, after))
            market.current().admit(self, after.instance_type, more, after)
        resized = self._resized(after, held)
        if resized is None:
            raise InsufficientCapacityError(after.instance_type, after.availability_zone)
        return resized

    def _resized(self, after: CapacityReservation, held: int) -> CapacityReservation | None:
        """It with the running instances that it absorbs, which bring their capacity along; None if it lacks the rest.

        Args:
            after: as it is to be.
            held: how many instances it has until now.
        """
        supply, instance_type, zone = market.current(), after.instance_type, after.availability_zone
        joining = instances.joining(self, after)
        more = after.instance_count - held - len(joining)
        if more > 0 and not supply.take(instance_type, zone, more):
            return None
        supply.give_back(instance_type, zone, max(0, -more))
        for instance in joining:
            instance.capacity_reservation_id = after.id
        return replace(after, in_use=after.in_use + len(joining)) if joining else after

    def _next(self, before: CapacityReservation) -> CapacityReservation:
        """What it becomes by itself."""
        at = max(before.at, before.changes_at)
        if before.state == "active" and before.adjusted_at == before.changes_at:
            after, status = before.after_adjustment, "applied"
            resized = after and self._resized(replace(after, in_use=before.in_use), before.instance_count)
            if resized is None:
                resized, status = before, "rejected"
            return replace(resized, adjustment_status=status, adjusted_at=math.inf, after_adjustment=None, at=at)
        if before.state == "active":
            return replace(before, state="expired", at=at)
        started = market.current().date() if before.after_pending == "active" else None
        after = replace(before, state=before.after_pending, at=at, start_date=started)
        resized = self._resized(after, after.instance_count) if after.state == "active" else None
        return resized or after

    def _put_ended(self, before: CapacityReservation, after: CapacityReservation) -> None:
        """Puts it. If it no longer holds its instances, those that do not run are free."""
        self.put_capacity_reservation(after)
        if before.holds and not after.holds:
            left = after.instance_count - instances.leave_all(self, after)
            market.current().give_back(after.instance_type, after.availability_zone, left)

    def _existing(self, given_id: Any) -> CapacityReservation:
        reservation = self.capacity_reservations.get(checked_id(given_id))
        if reservation is None or not reservation.is_visible(market.current().now()):
            raise ReservationNotFoundError(str(given_id))
        return reservation

    def _answer(self, reservation: CapacityReservation) -> Mapping[str, Any]:
        return reservation.answer(self.tags.get(reservation.id, {}))

    def _identity(self) -> dict[str, str]:
        return new_identity(self.partition, self.region_name, self.account_id)
