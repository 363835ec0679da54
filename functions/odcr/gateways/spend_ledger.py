"""The hourly cost that the purchases of all runs may have reached, in one item of the table of request buckets.

It keeps runs side by side, and attempts that outlive their run, from exceeding the cap together. Each purchase is
first added here by one conditional write, which succeeds only while its run is the last that shared out the cap.
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
"""Seconds after the last purchase until EC2 shows everything: more than a function lives and Describe lags."""

_KEY = {"Bucket": {"S": "spend"}}


class SpendLedger:
    """The ledger as one run uses it.

    Args:
        table: the table's name.
        run: the execution's name.
    """

    def __init__(self, table: str, run: str) -> None:
        self._table, self._run = table, run

    def open(self) -> Decimal:
        """Makes this run the only one whose attempts may spend. Call it before looking at EC2.

        Returns:
            The hourly cost that earlier purchases may have reached; 0 if there were none or EC2 shows them by now.

        Raises:
            RequestLimitExceeded: if the table does not answer.
        """
        before = self._update("SET Run_Name = :run", {":run": {"S": self._run}}, returns="ALL_OLD")
        spent_at = int(before["Spent_At"]["N"]) / 1000 if "Spent_At" in before else 0.0
        spent, begun = (int(before[name]["N"]) if name in before else 0 for name in ("Spent", "Begun_With"))
        is_settled = spent <= begun or time.time() - spent_at > SETTLED_SECONDS
        return Decimal(0) if is_settled else Decimal(spent) / MICRO

    def settle(self, amount: Decimal, *, is_shown: bool) -> bool:
        """Records the cost at which this run starts to buy; False if another run has taken its place.

        Args:
            amount: the hourly cost of everything held.
            is_shown: whether EC2 shows all earlier purchases. If not, the next run still counts them.

        Raises:
            RequestLimitExceeded: if the table does not answer.
        """
        values = {":run": {"S": self._run}, ":spent": {"N": f"{micro_up(amount)}"}}
        change = "SET Spent = :spent, Begun_With = :spent" if is_shown else "SET Spent = :spent"
        return self._update_if(change, values, "Run_Name = :run")

    def add(self, amount: Decimal, cap: Decimal) -> bool:
        """Counts a purchase before it is made; False if it would exceed the cap, or another run may spend now.

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
        return self._update_if("SET Spent_At = :now ADD Spent :cost", values, "Run_Name = :run AND Spent <= :most")

    def take_back(self, amount: Decimal) -> None:
        """Subtracts a purchase that EC2 definitely refused. If the table does not answer, it stays counted."""
        values = {":run": {"S": self._run}, ":cost": {"N": f"{-micro_up(amount)}"}}
        try:
            self._update_if("ADD Spent :cost", values, "Run_Name = :run")
        except RequestLimitExceeded:
            return

    def _update_if(self, change: str, values: dict[str, Any], condition: str) -> bool:
        """Changes the item; False if the condition does not hold."""
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
    """What one attempt pays from: `odcr.domain.attempt.Purse`.

    Args:
        ledger: the ledger of the attempt's run.
        cap: the stack's hourly cap.
    """

    def __init__(self, ledger: SpendLedger, cap: Decimal) -> None:
        self._ledger, self._cap = ledger, cap

    def take(self, cost: Decimal) -> bool:
        """Counts a purchase of this hourly cost; False if it must not be made."""
        return self._ledger.add(cost, self._cap)

    def put_back(self, cost: Decimal) -> None:
        """Subtracts a purchase that was not made."""
        self._ledger.take_back(cost)


def _unreachable(error: Exception) -> RequestLimitExceeded:
    return RequestLimitExceeded("SpendLedger", f"The table that counts spending did not answer: {error}")
