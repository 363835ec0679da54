"""Which Region a zone belongs to, and what is wrong with a name that is not a zone.

Names and ids: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html,
https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html and
https://docs.aws.amazon.com/wavelength/latest/developerguide/available-wavelength-zones.html
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from odcr.domain.wording import listed, quoted

# us-east-1a, us-gov-west-1b, eusc-de-east-1a, and local or wavelength zones such as us-west-2-lax-1a,
# us-east-1-wl1-bos-wlz-1 and eu-west-3-cmn-wlz-1a.
_REGION = r"[a-z]{2,8}(?:-[a-z]+)+-[0-9]{1,2}"
_NAME = re.compile(rf"(?P<region>{_REGION})(?:[a-z]|-[a-z0-9-]*[a-z0-9])")

# apne1-az1, usgw1-az1, usw2-lax1-az1, use1-wl1-bos-wlz1, euw3-cmn1-wlz1.
_ID = re.compile(r"(?P<region>[a-z]+[0-9]{1,2})(?:-[a-z0-9]+)*-(?:az|wlz)[0-9]+")

# ap|ne|1, us|g|w|1 for us-gov-west-1, us|ib|e|1 for us-isob-east-1.
_SHORT_REGION = re.compile(r"(?P<area>[a-z]{2})(?P<part>g|i[bef]?)?(?P<where>[ns][ew]?|[ewc])(?P<number>[0-9]+)")
_PARTS = {"g": "gov", "i": "iso", "ib": "isob", "ie": "isoe", "if": "isof"}
_WHERE = {"n": "north", "s": "south", "e": "east", "w": "west", "c": "central"}

_BLANKS = " \t\r\n\v\f\0\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"


def region_of(zone: str) -> str | None:
    """The Region of a zone, from its name or id alone.

    Args:
        zone: the name (`ap-northeast-1c`) or id (`apne1-az1`) of an Availability Zone, Local Zone or Wavelength Zone.

    Returns:
        The Region, e.g. `ap-northeast-1`; None if the text is not a zone, or an id of unknown form. Only EC2 knows
        whether the Region and the zone exist.
    """
    if match := _NAME.fullmatch(zone):
        return match["region"]
    if match := _ID.fullmatch(zone):
        return _full_region(match["region"])
    return None


def is_ordinary_zone(zone: str) -> bool:
    """Whether this is the name of an Availability Zone, not of a Local or Wavelength Zone. False for every id."""
    return re.fullmatch(rf"{_REGION}[a-z]", zone) is not None


def is_zone_id(zone: str) -> bool:
    """Whether this looks like a zone's id."""
    return _ID.fullmatch(zone) is not None


def as_ec2_writes(text: str) -> str:
    """A zone or instance type the way EC2 spells it: lower case, no blanks around it."""
    return text.strip(_BLANKS).lower()


def reason_to_reject_zone(zone: str) -> str | None:
    """Why a text is not a zone and what to write instead; None if it may be one."""
    if _NAME.fullmatch(zone) or _ID.fullmatch(zone):
        return None
    meant = as_ec2_writes(zone)
    if meant != zone and (_NAME.fullmatch(meant) or _ID.fullmatch(meant)):
        return f"Write it as EC2 does, {quoted(meant)}: {quoted(zone)} is not an Availability Zone."
    if re.fullmatch(_REGION, meant):
        return (
            f"Write a zone of the Region, e.g. {quoted(meant + 'a')}: {quoted(zone)} is a Region, "
            "not an Availability Zone."
        )
    if meant.startswith("op-") or ":outposts:" in meant:
        return (
            "Write a zone as EC2 does, e.g. 'ap-northeast-1c', or delete the row: nothing is reserved on an Outpost, "
            f"such as {quoted(zone)}."
        )
    return f"Write it as EC2 does, e.g. 'ap-northeast-1c' or 'apne1-az1': {quoted(zone)} is not an Availability Zone."


def nearest(name: str, known: Iterable[str]) -> str:
    """A question that names the known names closest to a wrong one; empty if none is close."""
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.7)
    return f" Did you mean {listed(near, 60, last='or')}?" if near else ""


def _full_region(short: str) -> str | None:
    """`ap-northeast-1` for `apne1`; None for a form that no Region has yet."""
    if re.fullmatch(r"eusc[a-z]*[0-9]+", short):
        # botocore's partitions.json allows this partition one country so far.
        return f"eusc-de-east-{short.lstrip('abcdefghijklmnopqrstuvwxyz')}"
    match = _SHORT_REGION.fullmatch(short)
    if not match:
        return None
    where = "".join(_WHERE[letter] for letter in match["where"])
    return "-".join(filter(None, (match["area"], _PARTS.get(match["part"] or ""), where, match["number"])))
