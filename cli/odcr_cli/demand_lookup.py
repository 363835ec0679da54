"""Which demand a person means."""

import difflib
from collections.abc import Iterable, Sequence

from odcr_cli.demands import Demand
from odcr_cli.door import folded
from odcr_cli.trouble import Trouble


def find_demand(words: Sequence[str], demands: Iterable[Demand]) -> Demand:
    """The demand of a name: a group's, or an instance type and a zone.

    Raises:
        Trouble: if there is none, with the nearest names; or if there are two, a row and a group.
    """
    name = " ".join(words).strip()
    every = list(demands)
    found = [one for one in every if one.name == name] or [one for one in every if folded(one.name) == folded(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Trouble(f"{name!r} is a group and a row at once. Rename the group.")
    parts = [one.name for one in every if all(word.casefold() in one.name.casefold() for word in words)]
    near = parts or difflib.get_close_matches(name, [one.name for one in every], n=3)
    meant = f" Did you mean {' or '.join(repr(one) for one in near[:3])}?" if near else " `odcr status` lists them."
    raise Trouble(f"There is no demand {name!r}.{meant}")
