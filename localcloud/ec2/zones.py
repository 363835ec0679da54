"""Names of Availability Zones."""

import re

# us-east-1a, us-gov-west-1b, and local or wavelength zones such as us-west-2-lax-1a and us-east-1-wl1-bos-wlz-1.
_ZONE = re.compile(r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+)(?P<rest>[a-z]|-[a-z0-9-]*[a-z0-9])")


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
