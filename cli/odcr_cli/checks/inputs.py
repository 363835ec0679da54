"""What the checks look at, each thing asked for once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from odcr_cli.account import Account
from odcr_cli.checks.line import ask_aws
from odcr_cli.demands import Demand, Pool, read_demands
from odcr_cli.door import Row, number
from odcr_cli.formatting import parse_moment
from odcr_cli.source import Source

_MOST_TYPES = 100
"""DescribeInstanceTypes takes no more: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html"""


@dataclass(frozen=True)
class WantedPool:
    """A pool that somebody wants something of."""

    demand: Demand
    pool: Pool

    @property
    def option(self) -> Row:
        """The options of its row or group."""
        return self.demand.options

    @property
    def platform(self) -> str:
        """As EC2 names it."""
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
        account: whom to ask.
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
        """What somebody wants."""
        return [one for one in read_demands(self) if one.is_there]

    @cached_property
    def runs(self) -> list[dict[str, Any]]:
        """ListExecutions' summaries of the newest runs.

        Raises:
            NotAsked: if Step Functions does not say.
        """
        return ask_aws("states:ListExecutions", lambda: self.source.runs(100))

    @property
    def parameters(self) -> Mapping[str, str]:
        """The stack's."""
        return self.source.stack.parameters

    def wanted(self) -> Iterator[WantedPool]:
        """All pools of all demands."""
        for demand in self.demands:
            for pool in demand.pools:
                if pool.is_member and demand.wanted > 0:
                    yield WantedPool(demand, pool)

    @cached_property
    def pools_by_region(self) -> dict[str, list[WantedPool]]:
        """The pools whose zone has a known Region."""
        found: dict[str, list[WantedPool]] = {}
        for one in self.wanted():
            if one.pool.region:
                found.setdefault(one.pool.region, []).append(one)
        return found

    def types(self, region: str, names: set[str]) -> dict[str, dict[str, Any]]:
        """DescribeInstanceTypes' answer by type; without those that the Region does not have.

        Raises:
            NotAsked: if EC2 does not say.
        """
        known = self._types.setdefault(region, {})
        # A filter leaves out what does not exist; as parameters, one unknown name refuses all.
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
            known.update({one["InstanceType"]: one for one in pages.get("InstanceTypes", [])})
        return known

    def vcpus(self, region: str, names: set[str]) -> dict[str, int]:
        """The vCPUs of a type's instance, as far as the Region has it."""
        return {name: one["VCpuInfo"]["DefaultVCpus"] for name, one in self.types(region, names).items()}


def missing_instances(one: WantedPool, vcpus: int) -> Decimal:
    """How many instances of this pool would make up what its demand is missing, as far as Max_Instances lets it.

    Args:
        one: the pool.
        vcpus: of an instance of it.
    """
    return _instances(one, vcpus, one.demand.missing)


def at_most(pools: Iterable[tuple[WantedPool, int, Decimal]]) -> Decimal:
    """What the instances that a demand is missing come to, if each is had where it counts most.

    Args:
        pools: pools of one demand, each with the vCPUs of an instance and with what an instance counts.
    """
    pools = [(one, vcpus, each) for one, vcpus, each in pools if each]
    # One large instance may be more than several small ones that count more by the unit.
    most = max((missing_instances(one, vcpus) * each for one, vcpus, each in pools), default=Decimal(0))
    total, rest = Decimal(0), max((one.demand.missing for one, _, _ in pools), default=Decimal(0))
    for one, vcpus, each in sorted(pools, key=lambda pool: pool[2] / _weight(pool[0], pool[1]), reverse=True):
        count = _instances(one, vcpus, rest)
        total += count * each
        rest = max(Decimal(0), rest - count * _weight(one, vcpus))
    return max(most, total)


def _instances(one: WantedPool, vcpus: int, units: Decimal) -> Decimal:
    if not one.demand.is_group:
        return units
    count = -(-units // _weight(one, vcpus))
    return count if one.pool.most is None else max(Decimal(0), min(count, one.pool.most - one.pool.held))


def _weight(one: WantedPool, vcpus: int) -> Decimal:
    if not one.demand.is_group:
        return Decimal(1)
    return one.pool.weight or Decimal(vcpus if one.demand.unit == "vcpus" else 1)


def moment_in(row: Row, column: str) -> datetime | None:
    """A moment of the tables; None if there is none."""
    try:
        return parse_moment(str(row[column])) if row.get(column) else None
    except ValueError:
        return None


def amount_in(row: Row, column: str) -> Decimal | None:
    """An amount of the tables; None if there is none."""
    return None if row.get(column) in (None, "") else number(row[column])
