"""What moto's DynamoDB lacks: a condition and its write are one step, whoever else writes at the same time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
"""

import functools
from threading import RLock
from typing import Any

from moto.dynamodb.models import DynamoDBBackend

_one_at_a_time = RLock()


def install() -> None:
    """Lets one write at a time reach moto's tables. The second call does nothing."""
    for name in ("put_item", "update_item", "delete_item"):
        method = getattr(DynamoDBBackend, name)
        if not hasattr(method, "__wrapped__"):
            setattr(DynamoDBBackend, name, _alone(method))


def _alone(method: Any) -> Any:
    @functools.wraps(method)
    def write(*args: Any, **kwargs: Any) -> Any:
        with _one_at_a_time:
            return method(*args, **kwargs)

    return write
