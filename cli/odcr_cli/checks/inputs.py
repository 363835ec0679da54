"""What the checks read: the stack, its tables and its account, each asked once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from odcr_cli.account import Account
from odcr_cli.checks.line import ask_aws
from odcr_cli.demand_tables import read_demands
from odcr_cli.demands import Demand, Pool
from odcr_cli.door import Row, number
from odcr_cli.formatting import parse_moment
from odcr_cli.source import Source

_MOST_TYPES = 100
"""The most that DescribeInstanceTypes takes at once: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html"""


@dataclass(frozen=True)
class WantedPool:
    """A pool of a demand that is wanted."""

    demand: Demand
    pool: Pool

    @property
    def option(self) -> Row:
        """The options of its target or group."""
        return self.demand.options

    @property
    def platform(self) -> str:
        """The platform, by EC2's name."""
        return str(self.option.get("Platform") or "Linux/UNIX")

    @property
    def tenancy(self) -> str:
        """`default` or `dedicated`."""
        return str(self.option.get("Tenancy") or "default")

    @property
    def is_full(self) -> bool:
        """Whether it holds its Max_Instances."""
        return self.pool.most is not None and self.pool.held >= self.pool.most


class CheckInputs:
    """The stack, its tables and its account.

    Args:
        account: the account to ask.
        source: the tables and the runs.
    """

    def __init__(self, account: Account, source: Source) -> None:
        self.account = account
        self.source = source
        self._rows: dict[str, list[Row]] = {}
        self._types: dict[str, dict[str, dict[str, Any]]] = {}

    def rows(self, table: str, *, since: str = "") -> list[Row]:
        """A table's rows."""
        key = f"{table} {since}"
        if key not in self._rows:
            self._rows[key] = self.source.rows(table, since=since)
        return self._rows[key]

    def rows_of(self, *names: str) -> dict[str, list[Row]]:
        """The rows of several tables, as they were at one moment."""
        if any(f"{name} " not in self._rows for name in names):
            self._rows |= {f"{name} ": rows for name, rows in self.source.rows_of(*names).items()}
        return {name: self._rows[f"{name} "] for name in names}

    @cached_property
    def demands(self) -> list[Demand]:
        """The demands that are wanted."""
        return [demand for demand in read_demands(self) if demand.is_there]

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """ListExecutions' items for the newest runs.

        Raises:
            NotAsked: if Step Functions does not answer.
        """
        return ask_aws("states:ListExecutions", lambda: self.source.runs(100))

    @property
    def parameters(self) -> Mapping[str, str]:
        """The stack's parameters."""
        return self.source.stack.parameters

    def wanted(self) -> Iterator[WantedPool]:
        """All pools of all demands."""
        for demand in self.demands:
            for pool in demand.pools:
                if pool.is_member and demand.wanted > 0:
                    yield WantedPool(demand, pool)

    @cached_property
    def pools_by_region(self) -> dict[str, list[WantedPool]]:
        """The pools whose Region is known, by Region."""
        by_region: dict[str, list[WantedPool]] = {}
        for pool in self.wanted():
            if pool.pool.region:
                by_region.setdefault(pool.pool.region, []).append(pool)
        return by_region

    def types(self, region: str, names: set[str]) -> dict[str, dict[str, Any]]:
        """DescribeInstanceTypes' items by type; types that the Region lacks are left out.

        Raises:
            NotAsked: if EC2 does not answer.
        """
        known = self._types.setdefault(region, {})
        # A filter ignores unknown names; a parameter with one unknown name is refused as a whole.
        left = sorted(names - known.keys())
        for first in range(0, len(left), _MOST_TYPES):
            filters = [{"Name": "instance-type", "Values": left[first : first + _MOST_TYPES]}]
            pages = ask_aws(
                "ec2:DescribeInstanceTypes",
                lambda filters=filters: (
                    self.account.client("ec2", region)  # type: ignore[misc]
                    .get_paginator("describe_instance_types")
                    .paginate(Filters=filters)
                    .build_full_result()
                ),
            )
            known.update({described["InstanceType"]: described for described in pages.get("InstanceTypes", [])})
        return known

    def vcpus(self, region: str, names: set[str]) -> dict[str, int]:
        """The vCPUs of an instance by type; types that the Region lacks are left out."""
        return {name: described["VCpuInfo"]["DefaultVCpus"] for name, described in self.types(region, names).items()}


def missing_instances(pool: WantedPool, vcpus: int) -> Decimal:
    """How many instances of this pool would cover what its demand is missing, limited by Max_Instances.

    Args:
        one: the pool.
        vcpus: the vCPUs of an instance.
    """
    return _instances(pool, vcpus, pool.demand.missing)


def at_most(pools: Iterable[tuple[WantedPool, int, Decimal]]) -> Decimal:
    """The most that a demand's missing instances can amount to, if each comes from the pool where it counts most.

    Args:
        pools: a demand's pools, each with an instance's vCPUs and the amount that an instance counts for.
    """
    pools = [(pool, vcpus, each) for pool, vcpus, each in pools if each]
    # One large instance may count for more than several small ones that count more per unit.
    most = max((missing_instances(pool, vcpus) * each for pool, vcpus, each in pools), default=Decimal(0))
    total, rest = Decimal(0), max((pool.demand.missing for pool, _, _ in pools), default=Decimal(0))
    ordered = sorted(pools, key=lambda entry: entry[2] / _weight(entry[0], entry[1]), reverse=True)
    for pool, vcpus, each in ordered:
        count = _instances(pool, vcpus, rest)
        total += count * each
        rest = max(Decimal(0), rest - count * _weight(pool, vcpus))
    return max(most, total)


def _instances(pool: WantedPool, vcpus: int, units: Decimal) -> Decimal:
    if not pool.demand.is_group:
        return units
    count = -(-units // _weight(pool, vcpus))
    return count if pool.pool.most is None else max(Decimal(0), min(count, pool.pool.most - pool.pool.held))


def _weight(pool: WantedPool, vcpus: int) -> Decimal:
    if not pool.demand.is_group:
        return Decimal(1)
    return pool.pool.weight or Decimal(vcpus if pool.demand.unit == "vcpus" else 1)


def moment_in(row: Row, column: str) -> datetime | None:
    """A moment in a row; None if missing or invalid."""
    try:
        return parse_moment(str(row[column])) if row.get(column) else None
    except ValueError:
        return None


def amount_in(row: Row, column: str) -> Decimal | None:
    """An amount in a row; None if missing."""
    return None if row.get(column) in (None, "") else number(row[column])
