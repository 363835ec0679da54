"""What the next run would do, as FindShortfalls says it: nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from odcr_cli.amounts import Amounts, sum_of
from odcr_cli.demands import Demand
from odcr_cli.door import number
from odcr_cli.prices import Price, Prices

_ASK_SECONDS = 110
"""As the state machine gives it. It bounds how long is asked for, not what for."""


class Action(StrEnum):
    """What becomes of a demand."""

    ASK = "ask"
    RELEASE = "release"
    LOOK = "look"
    """Something is to be looked up or corrected, and nothing bought."""
    NONE = "none"


@dataclass(frozen=True)
class PoolRequest:
    """What a run would ask for in one pool."""

    pool: str
    up_to: int
    """Instances; in a group's other pools less, once one has given some."""
    price: Price | None
    """Of an instance for an hour; None if it is unknown."""
    remark: str = ""
    """Why nothing is asked for there."""

    @property
    def cost(self) -> Decimal | None:
        """What an hour of all that costs more."""
        return self.price.amount * self.up_to if self.price else None


@dataclass(frozen=True)
class PlannedDemand:
    """What a run would do about one demand."""

    name: str
    action: Action
    wanted: Decimal
    held: Decimal
    """As EC2 says now; of a demand that is not worked on, as it was recorded."""
    unit: str
    reason: str
    """Why nothing is asked for, or no more."""
    asks: tuple[PoolRequest, ...] = ()
    status: str = ""
    every: float = 0.0
    """Seconds from one asking to the next."""

    @property
    def missing(self) -> Decimal:
        """Never below 0."""
        return max(Decimal(0), self.wanted - self.held)

    @property
    def is_priced(self) -> bool:
        """Whether the prices of all that it asks for are known."""
        return all(one.price for one in self.asks if one.up_to)

    @property
    def costs(self) -> Amounts:
        """What an hour costs more, by currency, as far as prices are known. Of a group, if its dearest pool gives all.

        If its pools are paid in several currencies, either comes true in one of them alone.
        """
        found: dict[str, Decimal] = {}
        for one in self.asks:
            if one.up_to and one.price:
                currency = one.price.currency
                found[currency] = max(found.get(currency, Decimal(0)), one.price.amount * one.up_to)
        return found


def plan_request(share: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The event that makes FindShortfalls say what it would do.

    Args:
        share: what ManageTargets answered to Plan.
        now: the time.
    """
    ours = {"Plan": True, "Execution": "plan", "StartedAt": now.isoformat(), "AskSeconds": _ASK_SECONDS, "Input": {}}
    return {**share, **ours}


def planned_demands(
    answer: Mapping[str, Any], share: Mapping[str, Any], demands: Iterable[Demand], prices: Prices
) -> list[PlannedDemand]:
    """What becomes of each demand: first those that are asked for, then what is given back, then the others.

    Args:
        answer: FindShortfalls'.
        share: what it was given.
        demands: as the tables have them.
        prices: what is known of them.
    """
    known = {one.name: one for one in demands}
    found: dict[str, PlannedDemand] = {}
    for branch in answer["Branches"]:
        every = float(branch["AskEvery"] or branch["PauseSeconds"])
        for shortfall in branch["Shortfalls"]:
            one = _of_shortfall(shortfall, known, prices, every)
            found[one.name] = one
    for outcome in [*answer["Observed"], *answer["Rejected"]]:
        name = _name(outcome)
        wanted, held = number(outcome.get("TargetCapacity")), number(outcome.get("Reserved"))
        unit, status = str(outcome.get("Unit", "instances")), str(outcome["Status"])
        found.setdefault(
            name, PlannedDemand(name, Action.NONE, wanted, held, unit, str(outcome.get("Reason", "")), status=status)
        )
    loaded = {_name(one) for one in (*share["Targets"], *share["Rejected"])}
    for name, demand in known.items():
        if name not in found:
            waits = (answer["Left"] or not share["Complete"]) and demand.missing
            reason = "Its turn comes in one of the next runs." if waits or name not in loaded else demand.reason
            found[name] = PlannedDemand(
                name, Action.NONE, demand.wanted, demand.held, demand.unit, reason, status=demand.status
            )
    order = list(Action)
    return sorted(found.values(), key=lambda one: (order.index(one.action), one.name))


def total_costs(plans: Sequence[PlannedDemand]) -> dict[str, Decimal]:
    """What an hour costs more if all that is asked for is granted, by currency, as far as prices are known."""
    return sum_of(one.costs for one in plans if one.is_priced)


def _of_shortfall(
    shortfall: Mapping[str, Any], known: Mapping[str, Demand], prices: Prices, every: float
) -> PlannedDemand:
    pools = shortfall.get("Pools") or [shortfall]
    name = _name(pools[0])
    wanted = number(shortfall["TargetCapacity"])
    held = sum((number(one.get("Reserved")) * _weight(one) for one in pools), Decimal(0))
    unit, status = str(shortfall.get("Unit", "instances")), str(shortfall.get("LastStatus") or "NEW")
    rest, limit = shortfall.get("Rest") or {}, shortfall.get("Limit") or {}
    reason = str(rest.get("Reason") or limit.get("Reason") or "")
    if shortfall.get("Release") or shortfall.get("GivenUp"):
        return PlannedDemand(name, Action.RELEASE, wanted, held, unit, reason, status=status)
    asks = () if rest else tuple(_ask(one, shortfall, wanted - held, known.get(name), prices) for one in pools)
    action = Action.ASK if any(one.up_to for one in asks) else Action.LOOK
    return PlannedDemand(name, action, wanted, held, unit, reason, asks, status, every)


def _ask(
    pool: Mapping[str, Any], shortfall: Mapping[str, Any], missing: Decimal, demand: Demand | None, prices: Prices
) -> PoolRequest:
    type_, zone = str(pool["InstanceType"]), str(pool["AvailabilityZone"])
    platform = str(shortfall.get("Platform", "Linux/UNIX"))
    tenancy = str(shortfall.get("Tenancy", "default"))
    price = prices.of_type(type_, zone, platform, tenancy)
    weight, held, limit = _weight(pool), int(number(pool.get("Reserved"))), shortfall.get("Limit") or {}
    up_to = int(missing // weight)
    if shortfall.get("Overshoot") and missing > up_to * weight:
        up_to += 1
    if pool.get("MaxInstances") is not None:
        up_to = min(up_to, int(pool["MaxInstances"]) - held)
    if limit.get("Count") is not None:
        up_to = min(up_to, int(limit["Count"]) - held)
    if limit.get("Cost") and pool.get("Price"):
        pools = shortfall.get("Pools") or [shortfall]
        spent = sum((number(one.get("Reserved")) * number(one.get("Price")) for one in pools), Decimal(0))
        up_to = min(up_to, int((number(limit["Cost"]) - spent) // number(pool["Price"])))
    if not pool.get("Buys", True):
        up_to = 0
    name = f"{type_} {zone}"
    if demand and not demand.is_group:
        name = demand.name
    return PoolRequest(name, max(0, up_to), price, str(pool.get("Remark", "")))


def _weight(pool: Mapping[str, Any]) -> Decimal:
    return number(pool.get("Weight", 1)) or Decimal(1)


def _name(event: Mapping[str, Any]) -> str:
    return str(event.get("GroupName") or f"{event['InstanceType']} {event['AvailabilityZone']}")
