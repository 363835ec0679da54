"""What the next run would do, read from FindShortfalls' answer; nothing is decided here."""

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
"""As in the state machine. It limits how long a run asks, not what it asks for."""


class Action(StrEnum):
    """What a run would do about a demand."""

    ASK = "ask"
    RELEASE = "release"
    LOOK = "look"
    """It looks something up or corrects it, and buys nothing."""
    NONE = "none"


@dataclass(frozen=True)
class PoolRequest:
    """What a run would ask for in one pool."""

    pool: str
    up_to: int
    """The most instances; in a group, fewer once other pools have granted some."""
    price: Price | None
    """An instance's hourly price; None if unknown."""
    remark: str
    """Why nothing is asked for in this pool."""

    @property
    def cost(self) -> Decimal | None:
        """The additional hourly cost, if all is granted."""
        return self.price.amount * self.up_to if self.price else None


@dataclass(frozen=True)
class PlannedDemand:
    """What a run would do about one demand."""

    name: str
    action: Action
    wanted: Decimal
    held: Decimal
    """As EC2 says now; as recorded, if the run does not work on the demand."""
    unit: str
    reason: str
    """Why nothing is asked for, or no more."""
    asks: tuple[PoolRequest, ...] = ()
    status: str = ""
    every: float = 0.0
    """Seconds between requests."""

    @property
    def missing(self) -> Decimal:
        """Never below 0."""
        return max(Decimal(0), self.wanted - self.held)

    @property
    def is_priced(self) -> bool:
        """Whether the price of everything that it asks for is known."""
        return all(request.price for request in self.asks if request.up_to)

    @property
    def costs(self) -> Amounts:
        """The additional hourly cost by currency, as far as prices are known; a group's if its dearest pool grants all.

        If its pools have prices in several currencies, only one of the amounts can come true.
        """
        costs: dict[str, Decimal] = {}
        for request in self.asks:
            if request.up_to and request.price:
                currency = request.price.currency
                costs[currency] = max(costs.get(currency, Decimal(0)), request.price.amount * request.up_to)
        return costs


def plan_request(share: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The event that makes FindShortfalls return its plan.

    Args:
        share: ManageTargets' answer to Plan.
        now: the current time.
    """
    ours = {"Plan": True, "Execution": "plan", "StartedAt": now.isoformat(), "AskSeconds": _ASK_SECONDS, "Input": {}}
    return {**share, **ours}


def planned_demands(
    answer: Mapping[str, Any], share: Mapping[str, Any], demands: Iterable[Demand], prices: Prices
) -> list[PlannedDemand]:
    """The plan for each demand: first those to ask for, then those to release, then the others.

    Args:
        answer: FindShortfalls' answer.
        share: what FindShortfalls was given.
        demands: as the tables have them.
        prices: the known prices.
    """
    known = {demand.name: demand for demand in demands}
    plans: dict[str, PlannedDemand] = {}
    for branch in answer["Branches"]:
        every = float(branch["AskEvery"] or branch["PauseSeconds"])
        for shortfall in branch["Shortfalls"]:
            plan = _of_shortfall(shortfall, known, prices, every)
            plans[plan.name] = plan
    for outcome in [*answer["Observed"], *answer["Rejected"]]:
        name = _name(outcome)
        wanted, held = number(outcome.get("TargetCapacity")), number(outcome.get("Reserved"))
        unit, status = str(outcome.get("Unit", "instances")), str(outcome["Status"])
        plans.setdefault(
            name, PlannedDemand(name, Action.NONE, wanted, held, unit, str(outcome.get("Reason", "")), status=status)
        )
    loaded = {_name(event) for event in (*share["Targets"], *share["Rejected"])}
    for name, demand in known.items():
        if name not in plans:
            waits = (answer["Left"] or not share["Complete"]) and demand.missing
            reason = "Its turn comes in one of the next runs." if waits or name not in loaded else demand.reason
            plans[name] = PlannedDemand(
                name, Action.NONE, demand.wanted, demand.held, demand.unit, reason, status=demand.status
            )
    order = list(Action)
    return sorted(plans.values(), key=lambda plan: (order.index(plan.action), plan.name))


def total_costs(plans: Sequence[PlannedDemand]) -> dict[str, Decimal]:
    """The additional hourly cost by currency if everything is granted, as far as prices are known."""
    return sum_of(plan.costs for plan in plans if plan.is_priced)


def _of_shortfall(
    shortfall: Mapping[str, Any], known: Mapping[str, Demand], prices: Prices, every: float
) -> PlannedDemand:
    pools = shortfall.get("Pools") or [shortfall]
    name = _name(pools[0])
    wanted = number(shortfall["TargetCapacity"])
    held = sum((number(pool.get("Reserved")) * _weight(pool) for pool in pools), Decimal(0))
    unit, status = str(shortfall.get("Unit", "instances")), str(shortfall.get("LastStatus") or "NEW")
    rest, limit = shortfall.get("Rest") or {}, shortfall.get("Limit") or {}
    reason = str(rest.get("Reason") or limit.get("Reason") or "")
    if shortfall.get("Release") or shortfall.get("GivenUp"):
        return PlannedDemand(name, Action.RELEASE, wanted, held, unit, reason, status=status)
    asks = () if rest else tuple(_ask(pool, shortfall, wanted - held, known.get(name), prices) for pool in pools)
    action = Action.ASK if any(request.up_to for request in asks) else Action.LOOK
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
        spent = sum((number(member.get("Reserved")) * number(member.get("Price")) for member in pools), Decimal(0))
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
