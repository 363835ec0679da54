"""Names and ids of zones.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html
https://docs.aws.amazon.com/wavelength/latest/developerguide/available-wavelength-zones.html
"""

import re

# us-east-1a, us-gov-west-1b, eusc-de-east-1a, and local or wavelength zones such as us-west-2-lax-1a,
# us-east-1-wl1-bos-wlz-1 and eu-west-3-cmn-wlz-1a.
_ZONE = re.compile(r"(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)(?P<rest>[a-z]|-[a-z0-9-]*[a-z0-9])")
_LOCAL = re.compile(r"-(?P<city>[a-z]+)-(?P<group>\d+)(?P<letter>[a-z])")
_WAVELENGTH = re.compile(r"-(?P<city>(?:wl\d+-)?[a-z]+)-wlz-(?P<group>\d+)(?P<letter>[a-z]?)")


def region_of(zone: str) -> str:
    """The Region of a zone, from its name: `us-west-2` for `us-west-2b` and for the local zone `us-west-2-lax-1a`.

    Raises:
        ValueError: it is not the name of a zone.
    """
    match = _ZONE.fullmatch(zone)
    if not match:
        raise ValueError(f"{zone!r} is not an Availability Zone; name one such as ap-northeast-1c")
    return match["region"]


def is_local(zone: str) -> bool:
    """Whether it is the name of a local or wavelength zone; moto knows none of these."""
    match = _ZONE.fullmatch(zone)
    return match is not None and match["rest"].startswith("-")


def kind_of(zone: str) -> str:
    """The `ZoneType` of a zone by its name."""
    if not is_local(zone):
        return "availability-zone"
    return "wavelength-zone" if "-wlz-" in zone else "local-zone"


def id_of_local(zone: str, parent_id: str) -> str | None:
    """The id of a local or wavelength zone, in the form that AWS's lists show.

    Args:
        zone: its name, e.g. `us-west-2-lax-1a`, `us-east-1-wl1-bos-wlz-1` or `eu-west-3-cmn-wlz-1a`.
        parent_id: the id of any zone of its Region, e.g. `usw2-az1`.

    Returns:
        E.g. `usw2-lax1-az1`, `use1-wl1-bos-wlz1` or `euw3-cmn1-wlz1`; None for a name of another form.
    """
    match = _ZONE.fullmatch(zone)
    region = parent_id.partition("-")[0]
    if match and (wavelength := _WAVELENGTH.fullmatch(match["rest"])):
        city, group, letter = wavelength.groups()
        return f"{region}-{city}{group}-wlz{_number(letter)}" if letter else f"{region}-{city}-wlz{group}"
    if match and (local := _LOCAL.fullmatch(match["rest"])):
        return f"{region}-{local['city']}{local['group']}-az{_number(local['letter'])}"
    return None


def _number(letter: str) -> int:
    return ord(letter) - ord("a") + 1
