"""What the reservations of one account in one Region are, and what they were."""

import math

from localcloud.ec2.reservation import Reservation

KEPT_SECONDS = 3600.0
"""Cloud seconds for which the past is known, and so the longest lag of a describe."""


class ReservationHistory:
    """Every reservation with its versions, oldest first. The caller holds the lock."""

    def __init__(self) -> None:
        self._versions: dict[str, list[Reservation]] = {}
        self.changes_at = math.inf
        """No reservation changes by itself before this reading of the cloud's clock."""

    def put(self, reservation: Reservation) -> None:
        """Makes this the newest version as of its `at`, and forgets versions too old to be asked for."""
        versions = self._versions.setdefault(reservation.id, [])
        versions.append(reservation)
        self.changes_at = min(self.changes_at, reservation.changes_at)
        oldest = reservation.at - KEPT_SECONDS
        while len(versions) > 1 and versions[1].at <= oldest:
            del versions[0]

    def due(self, now: float) -> list[Reservation]:
        """Those that should have changed by themselves by now, in order of creation."""
        if now < self.changes_at:
            return []
        newest = self.all()
        self.changes_at = min((one.changes_at for one in newest if one.changes_at > now), default=math.inf)
        return [one for one in newest if one.changes_at <= now]

    def get(self, reservation_id: str) -> Reservation | None:
        """The newest version."""
        versions = self._versions.get(reservation_id)
        return versions[-1] if versions else None

    def all(self) -> list[Reservation]:
        """The newest version of each, in order of creation."""
        return [versions[-1] for versions in self._versions.values()]

    def as_of(self, at: float) -> list[Reservation]:
        """What they were at a reading of the cloud's clock, in order of creation; later ones are not among them."""
        past = ([one for one in versions if one.at <= at] for versions in self._versions.values())
        return [versions[-1] for versions in past if versions]
