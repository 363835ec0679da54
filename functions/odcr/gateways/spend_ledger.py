"""How much the purchases of all runs may have brought the hourly cost to, in one item of the table of buckets.

Attempts that go on after their run has ended, and runs side by side, cannot exceed the cap together: each purchase is
added here first, by one conditional write, and only while its run is the last one that shared the cap out.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
"""

import time
from decimal import Decimal
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from odcr.domain.refusal import RequestLimitExceeded
from odcr.domain.spending import MICRO, micro_down, micro_up
from odcr.gateways.request_buckets import client

SETTLED_SECONDS = 300
"""After so long without a purchase EC2 shows all that was bought: longer than a function lives and a describe lags."""

_KEY = {"Bucket": {"S": "spend"}}


class SpendLedger:
    """The item, for one run.

    Args:
        table: the table's name.
        run: the execution.
    """

    def __init__(self, table: str, run: str) -> None:
        self._table, self._run = table, run

    def open(self) -> Decimal:
        """Makes this run the one that may spend; from now on no other one's attempts can.

        To be called before EC2 is looked at.

        Returns:
            What the purchases of the run before have brought the hourly cost to, as far as EC2 may not show them yet;
            0 if there were none, or it shows them.

        Raises:
            RequestLimitExceeded: if the table does not answer.
        """
        before = self._update("SET Run_Name = :run", {":run": {"S": self._run}}, returns="ALL_OLD")
        spent_at = int(before["Spent_At"]["N"]) / 1000 if "Spent_At" in before else 0.0
        spent, begun = (int(before[name]["N"]) if name in before else 0 for name in ("Spent", "Begun_With"))
        is_settled = spent <= begun or time.time() - spent_at > SETTLED_SECONDS
        return Decimal(0) if is_settled else Decimal(spent) / MICRO

    def settle(self, amount: Decimal, *, is_shown: bool = True) -> bool:
        """Records what is spent as this run starts to buy; False if another run has taken its place.

        Args:
            amount: all that is held.
            is_shown: whether EC2 shows all that was bought; if not, what may be missing stays counted as such.

        Raises:
            RequestLimitExceeded: if the table does not answer.
        """
        values = {":run": {"S": self._run}, ":spent": {"N": f"{micro_up(amount)}"}}
        change = "SET Spent = :spent, Begun_With = :spent" if is_shown else "SET Spent = :spent"
        return self._holds(change, values, "Run_Name = :run")

    def add(self, amount: Decimal, cap: Decimal) -> bool:
        """Counts a purchase that is about to be made; False if it would exceed the cap, or another run may spend now.

        Raises:
            RequestLimitExceeded: if the table does not answer.
        """
        cost = micro_up(amount)
        values = {
            ":run": {"S": self._run},
            ":cost": {"N": f"{cost}"},
            ":most": {"N": f"{micro_down(cap) - cost}"},
            ":now": {"N": f"{int(time.time() * 1000)}"},
        }
        return self._holds("SET Spent_At = :now ADD Spent :cost", values, "Run_Name = :run AND Spent <= :most")

    def take_back(self, amount: Decimal) -> None:
        """Takes back a purchase that EC2 definitely refused. If the table does not answer, it stays counted."""
        values = {":run": {"S": self._run}, ":cost": {"N": f"{-micro_up(amount)}"}}
        try:
            self._holds("ADD Spent :cost", values, "Run_Name = :run")
        except RequestLimitExceeded:
            return

    def _holds(self, change: str, values: dict[str, Any], condition: str) -> bool:
        try:
            self._update(change, values, ConditionExpression=condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise _unreachable(error) from None
            return False
        return True

    def _update(self, change: str, values: dict[str, Any], returns: str = "NONE", **more: Any) -> Any:
        try:
            answer = client().update_item(
                TableName=self._table,
                Key=_KEY,
                UpdateExpression=change,
                ExpressionAttributeValues=values,
                ReturnValues=returns,  # type: ignore[arg-type]
                **more,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                raise
            raise _unreachable(error) from None
        except BotoCoreError as error:
            raise _unreachable(error) from None
        return answer.get("Attributes", {})


class Purse:
    """What one attempt pays with: `odcr.domain.attempt.Purse`.

    Args:
        ledger: of the attempt's run.
        cap: of the stack.
    """

    def __init__(self, ledger: SpendLedger, cap: Decimal) -> None:
        self._ledger, self._cap = ledger, cap

    def take(self, cost: Decimal) -> bool:
        """Counts a purchase that costs so much for an hour; False if it is not to be made."""
        return self._ledger.add(cost, self._cap)

    def put_back(self, cost: Decimal) -> None:
        """Takes back what was not bought."""
        self._ledger.take_back(cost)


def _unreachable(error: Exception) -> RequestLimitExceeded:
    return RequestLimitExceeded("SpendLedger", f"The table that counts what is spent did not answer: {error}")
