"""The request buckets in DynamoDB, which all attempts share."""

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odcr.domain.pace import REQUESTS_PER_SECOND, SLACK, full_by, sent_at
from odcr.domain.refusal import RequestLimitExceeded

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TRIES = 10
"""Tries for one request. A bucket may become full, or stop being full, between two of them, but hardly this often."""

_UNANSWERED = 3
"""Tries without an answer after which the table counts as unreachable."""

_ONE = round(1000 / REQUESTS_PER_SECOND)
"""Milliseconds by which one request postpones the time at which a bucket is full."""

_SLACK = round(1000 * SLACK)


@cache
def client() -> "DynamoDBClient":
    """DynamoDB's client."""
    return boto3.client(
        "dynamodb",
        config=Config(connect_timeout=2, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1}),
    )


class RequestBuckets:
    """A table with an item for each bucket: `Bucket`, its name, and `Full_At`, in milliseconds since the epoch.

    One conditional UpdateItem takes a request, so two that come at once get different times:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html

    Args:
        table: the table's name.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self._full_at: dict[str, int] = {}
        """`Full_At` as last seen, by bucket."""
        self._was_full: dict[str, bool] = {}
        """Whether the bucket was full then: the best guess for the next time."""

    def take(self, bucket: str, kept: int, latest: float) -> float | None:
        """Takes a request out of a bucket: see `odcr.domain.pace`.

        Raises:
            RequestLimitExceeded: if the table is unreachable, so that nobody knows how much EC2 is asked.
        """
        most = _milliseconds(full_by(latest, kept)) - _ONE
        unanswered = 0
        for _ in range(_TRIES):
            # Read the time for each try: a slow one leaves the last reading too early.
            now = _milliseconds(time.time())
            if max(self._full_at.get(bucket, 0), now) > most:
                # The last known value may be old, but others only postpone the time further.
                return None
            try:
                if self._try_to_take(bucket, now, most):
                    return sent_at(self._full_at[bucket] / 1000, kept)
            except RequestLimitExceeded:
                unanswered += 1
                if unanswered == _UNANSWERED:
                    raise
        raise RequestLimitExceeded("RequestBuckets", f"It is unknown how many requests {bucket!r} has left.")

    def _try_to_take(self, bucket: str, now: int, most: int) -> bool:
        """Postpones the time at which the bucket is full, as `after_one_more` does; False if the guess was wrong."""
        if self._was_full.get(bucket, True):
            values, change = {":now": now, ":next": now + _ONE}, "SET Full_At = :next"
            condition = "attribute_not_exists(Full_At) OR Full_At <= :now"
        else:
            values, change = {":least": now - _SLACK, ":one": _ONE, ":most": most}, "ADD Full_At :one"
            condition = "Full_At > :least AND Full_At <= :most"
        try:
            answer = client().update_item(
                TableName=self._table,
                Key={"Bucket": {"S": bucket}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"N": f"{value}"} for name, value in values.items()},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
            item: Any = answer["Attributes"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise _unreachable(error) from None
            item = error.response.get("Item", {})
            full_at = self._full_at[bucket] = int(item["Full_At"]["N"]) if "Full_At" in item else 0
            self._was_full[bucket] = full_at <= now
            return False
        except BotoCoreError as error:
            raise _unreachable(error) from None
        self._full_at[bucket] = int(item["Full_At"]["N"])
        return True


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _unreachable(error: Exception) -> RequestLimitExceeded:
    return RequestLimitExceeded("RequestBuckets", f"The table that counts requests to EC2 did not answer: {error}")
