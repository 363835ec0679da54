"""The rows of `odcr_option`, and for which target each is."""

from collections.abc import Iterable, Sequence

from odcr.domain.cell import StrangeCell, moment_of, shown, text_of
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey
from odcr.domain.zone import is_zone_id, region_of

Cells = Sequence[object]
"""A row as the driver gives it: int, Decimal, float, str, bytes, date, datetime, timedelta or None."""

_MAX_OPTION = 64


class OptionRows:
    """The rows of `odcr_option`, found as people write them: in other letter cases and with blanks around."""

    def __init__(self, rows: Iterable[Cells], doubt: str) -> None:
        self._doubt = doubt
        self._rows: dict[tuple[str, str], list[Cells]] = {}
        self._zones: dict[str, set[str]] = {}
        for row in rows:
            instance_type, zone = _folded(text_of(row[0]), text_of(row[1]))
            self._rows.setdefault((instance_type, zone), []).append(row)
            self._zones.setdefault(instance_type, set()).add(zone)

    def of(self, key: TargetKey) -> ReservationOptions:
        """A target's options.

        Raises:
            StrangeCell: if they make no sense, or rows differ.
        """
        rows = self._rows.get(_folded(key.instance_type, key.availability_zone))
        if not rows:
            return USUAL_OPTIONS
        if self._doubt:
            raise StrangeCell(self._doubt)
        exact = [
            row for row in rows if (text_of(row[0]), text_of(row[1])) == (key.instance_type, key.availability_zone)
        ]
        wanted = {_options(row) for row in exact or rows}
        if len(wanted) > 1:
            raise StrangeCell(f"Delete all but one of its {len(exact or rows)} rows in odcr_option: they differ.")
        return wanted.pop()

    def elsewhere(self, key: TargetKey) -> tuple[tuple[str, ReservationOptions], ...]:
        """The rows that may be for the target's pool though they spell the zone the other way: by its id, or its name.

        Which name an id has, only EC2 knows. None where a row spells it as the target does.

        Raises:
            StrangeCell: if one of them makes no sense.
        """
        instance_type, own = _folded(key.instance_type, key.availability_zone)
        if (instance_type, own) in self._rows:
            return ()
        zones = (zone for zone in sorted(self._zones.get(instance_type, ())) if _may_be_same(zone, own))
        return tuple((zone, self.of(TargetKey(key.instance_type, zone))) for zone in zones)


def _may_be_same(zone: str, other: str) -> bool:
    regions = {region_of(zone), region_of(other)} - {None}
    return is_zone_id(zone) != is_zone_id(other) and len(regions) == 1


def _folded(type_: str, zone: str) -> tuple[str, str]:
    return type_.strip().casefold(), zone.strip().casefold()


def _options(row: Cells) -> ReservationOptions:
    columns = ("Platform", "Tenancy", "Match_Criteria")
    usual = (USUAL_OPTIONS.platform, USUAL_OPTIONS.tenancy, USUAL_OPTIONS.match_criteria)
    texts = []
    for column, cell, default in zip(columns, row[2:5], usual, strict=True):
        text = default if cell is None else text_of(cell)
        if len(text) > _MAX_OPTION:
            raise StrangeCell(f"{column} in odcr_option is {shown(cell)}; write it as EC2 does, e.g. {default!r}.")
        texts.append(text)
    platform, tenancy, match_criteria = texts
    return ReservationOptions(platform, tenancy, match_criteria, moment_of(row[5], "End_Date in odcr_option"))
