"""Loading the tables for the next run."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from odcr.domain.outcome import Outcome
from odcr.domain.price_pools import pools_under_caps
from odcr.domain.prices import ListPrice
from odcr.domain.run_share import RunShare, share_of_run
from odcr.domain.target import Target
from odcr.gateways.lease import read_earlier_runs, remember_taker
from odcr.gateways.price_table import read_prices
from odcr.gateways.target_tables import read_targets

if TYPE_CHECKING:
    from pymysql.cursors import Cursor


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the tables contain."""

    targets: list[Target]
    rejected: list[Outcome]
    prices: list[ListPrice]
    is_look_due: bool
    """Whether it is time to look at the account's instances."""

    def share(self, seed: str) -> RunShare:
        """As much as fits into one run. Different seeds choose different targets."""
        return share_of_run(self.targets, self.rejected, seed, self.prices)


def load(cursor: "Cursor", *, has_cap: bool, taker: str = "") -> Loaded:
    """Reads the tables.

    Args:
        cursor: in a transaction.
        has_cap: whether the stack has a MaxHourlySpend.
        taker: the execution that has just taken the lease; empty to write nothing.

    Raises:
        TableUnusable: if `odcr_capacity` cannot be read at all.
    """
    targets, rejected = read_targets(cursor)
    if taker and any(target.members for target in targets):
        remember_taker(cursor, taker)
    capped = pools_under_caps(targets, has_cap=has_cap)
    prices = read_prices(cursor).known(capped) if capped else []
    earlier = read_earlier_runs(cursor)
    if earlier.may_have_rivals:
        targets = [replace(target, has_rivals=bool(target.members)) for target in targets]
    return Loaded(targets, rejected, prices, earlier.is_look_due)
