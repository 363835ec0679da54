"""Names and ids of zones.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html
https://docs.aws.amazon.com/wavelength/latest/developerguide/available-wavelength-zones.html
"""

import re

# us-east-1a, us-gov-west-1b, eusc-de-east-1a, and local zones such as us-west-2-lax-1a and us-east-1-wl1-bos-wlz-1.
_ZONE = re.compile(r"([a-z]{2,4}(?:-[a-z]+)+-\d+)(?:[a-z]|(-[a-z0-9-]*[a-z0-9]))")


def region_of(zone: str) -> str:
    """The Region of a zone, from its name: `us-west-2` for `us-west-2b` and for the local zone `us-west-2-lax-1a`.

    Raises:
        ValueError: it is not the name of a zone.
    """
    match = _ZONE.fullmatch(zone)
    if not match:
        raise ValueError(f"{zone!r} is not an Availability Zone; name one such as ap-northeast-1c")
    return match[1]


def is_local(zone: str) -> bool:
    """Whether it names a Local or Wavelength Zone; moto knows none."""
    match = _ZONE.fullmatch(zone)
    return match is not None and match[2] is not None


def id_of_local(zone: str, parent_id: str) -> str:
    """The id of a Local Zone, e.g. `usw2-lax1-az1`, or of a Wavelength Zone, e.g. `use1-wl1-bos-wlz1`.

    Args:
        zone: its name, e.g. `us-west-2-lax-1a` or `us-east-1-wl1-bos-wlz-1`.
        parent_id: the id of any zone of its Region, e.g. `usw2-az1`.
    """
    place, _, number = zone.removeprefix(region_of(zone)).rpartition("-")
    letter = number[-1]
    end = f"{number[:-1]}-az{ord(letter) - ord('a') + 1}" if letter.isalpha() else number
    return f"{parent_id.partition('-')[0]}{place}{end}"
