"""The actions that move instances between reservations."""

from collections.abc import Callable
from typing import Any

from localcloud.ec2 import faults
from localcloud.ec2.client_tokens import TokenScope
from localcloud.ec2.parameters import Parameters, count_in, reservation_id
from localcloud.ec2.reservation import Reservation
from localcloud.ec2.reservations_of_region import ReservationsOfRegion, end_dry_run, without_token
from localcloud.ec2.tags import tags_of
from localcloud.ec2.transfers import move, split


class TransferActions(ReservationsOfRegion):
    """Splitting and moving. A request has all of its effect or none."""

    def split(self, parameters: Parameters) -> dict[str, Any]:
        """Makes a reservation of a part of another, with the tags of the request only; the whole answer."""

        def perform(source: Reservation, now: float) -> tuple[Reservation, Reservation]:
            tags = tags_of(parameters)
            left, made = split(source, count_in(parameters), self._owner, next(self._state.sequence), now)
            end_dry_run(parameters)
            if tags:
                self._moto.create_tags([made.id], tags)
            return left, made

        return self._transfer(faults.SPLIT, parameters, perform)

    def move(self, parameters: Parameters) -> dict[str, Any]:
        """Moves instances from one reservation to another; the whole answer."""

        def perform(source: Reservation, now: float) -> tuple[Reservation, Reservation]:
            destination = self._existing(reservation_id(parameters, "DestinationCapacityReservationId"), now)
            moved = move(source, destination, count_in(parameters), self._account, now)
            end_dry_run(parameters)
            return moved

        return self._transfer(faults.MOVE, parameters, perform)

    def _transfer(
        self,
        action: str,
        parameters: Parameters,
        perform: Callable[[Reservation, float], tuple[Reservation, Reservation]],
    ) -> dict[str, Any]:
        with self._state.lock:
            now = self._state.settle()
            source = self._existing(reservation_id(parameters, "SourceCapacityReservationId"), now)
            # botocore fills the token in, so that a lost answer is harmless.
            scope = TokenScope(self._account, self._region, action, str(parameters.get("ClientToken")))
            request, tokens = without_token(parameters), self._state.tokens
            known = tokens.recall(scope, request)
            if known is not None:
                return self._transferred(source, self._existing(known, now), parameters)
            left, destination = perform(source, now)
            self._history.put(left)
            self._history.put(destination)
            if parameters.get("ClientToken"):
                tokens.succeeded(scope, request, destination.id)
            return self._transferred(left, destination, parameters)

    def _transferred(self, source: Reservation, destination: Reservation, parameters: Parameters) -> dict[str, Any]:
        return {
            "SourceCapacityReservation": self._answer(source),
            "DestinationCapacityReservation": self._answer(destination),
            "InstanceCount": count_in(parameters),
        }
