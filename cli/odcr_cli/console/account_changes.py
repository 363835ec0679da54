"""What the page can change in an account, if started with --allow-changes."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from odcr_cli.account import Account
from odcr_cli.demands import Demand
from odcr_cli.door import Change, Changed, Door
from odcr_cli.trouble import Trouble, aws_errors_as_trouble

_MOST = 1_000_000


@dataclass(frozen=True)
class Changes:
    """Changes targets and starts runs, with the rights of the person who started the page."""

    account: Account

    def change_target(self, demand: Demand, was: Decimal, wanted: Decimal, *, is_trial: bool) -> Changed:
        """Sets how much is wanted, unless it changed since the reader saw it."""
        return Door(self.account).change([change_of(demand, was, wanted)], is_trial=is_trial)

    def start_run(self) -> str:
        """Starts a run, and returns its name."""
        machine = self.account.stack.output("StateMachineArn")
        with aws_errors_as_trouble():
            started = self.account.client("stepfunctions").start_execution(stateMachineArn=machine, input="{}")
        return str(started["executionArn"]).rpartition(":")[2]


def change_of(demand: Demand, was: Decimal, wanted: Decimal) -> Change:
    """The change to how much of a demand is wanted."""
    if demand.is_group:
        key: dict[str, Any] = {"Group_Name": demand.name}
        before, after = ({"TotalTargetCapacity": f"{amount:f}"} for amount in (was, wanted))
        return Change("odcr_group", key | after, key | before)
    key = {"InstanceType": demand.pools[0].instance_type, "AvailabilityZone": demand.pools[0].zone}
    return Change("odcr_capacity", key | {"Target_Capacity": int(wanted)}, key | {"Target_Capacity": int(was)})


def wanted_of(text: str, demand: Demand) -> Decimal:
    """Parses the number that a person typed.

    Raises:
        Trouble: if it is not valid for the demand.
    """
    try:
        wanted = Decimal(text.strip())
    except InvalidOperation:
        wanted = Decimal("NaN")
    is_whole = wanted.is_finite() and wanted == wanted.to_integral_value()
    if not wanted.is_finite() or not 0 <= wanted <= _MOST or not (is_whole or demand.is_group):
        raise Trouble(f"{text!r} is not valid. Give a whole number from 0 to {_MOST}.")
    return wanted.normalize() + 0
