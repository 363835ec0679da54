"""Finds the demand that a person names."""

import difflib
from collections.abc import Iterable, Sequence

from odcr_cli.demands import Demand
from odcr_cli.door import folded
from odcr_cli.trouble import Trouble


def find_demand(words: Sequence[str], demands: Iterable[Demand]) -> Demand:
    """The demand with a name: a group's, or an instance type and a zone.

    Raises:
        Trouble: if there is none, with the nearest names; or if a target and a group both have it.
    """
    name = " ".join(words).strip()
    every = list(demands)
    matches = [demand for demand in every if demand.name == name] or [
        demand for demand in every if folded(demand.name) == folded(name)
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise Trouble(f"{name!r} is both a group and a target. Rename the group.")
    parts = [demand.name for demand in every if all(word.casefold() in demand.name.casefold() for word in words)]
    near = parts or difflib.get_close_matches(name, [demand.name for demand in every], n=3)
    meant = f" Did you mean {' or '.join(repr(one) for one in near[:3])}?" if near else " `odcr status` lists them."
    raise Trouble(f"There is no demand {name!r}.{meant}")
