"""Which Region an Availability Zone belongs to."""

import re

# us-east-1a, us-gov-west-1b, and local or wavelength zones such as us-west-2-lax-1a and us-east-1-wl1-bos-wlz-1.
_ZONE = re.compile(r"(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]+)(?:[a-z]|-[a-z0-9-]*[a-z0-9])")


def region_of(zone: str) -> str | None:
    """The Region of a zone, from its name alone.

    Args:
        zone: the zone's name, e.g. `ap-northeast-1c`.

    Returns:
        The Region, e.g. `ap-northeast-1`, or None if the name is not one of a zone. Whether the Region and the zone
        exist, only EC2 knows.
    """
    match = _ZONE.fullmatch(zone)
    return match["region"] if match else None
