"""DynamoDB: a conditional write and its answer are one step, even if others write at the same time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
"""

import functools
from threading import RLock
from typing import Any

from moto.dynamodb.responses import DynamoHandler

_one_at_a_time = RLock()


def install() -> None:
    """Answers one writing request at a time. The second call does nothing."""
    for name in ("put_item", "update_item", "delete_item"):
        method = getattr(DynamoHandler, name)
        if not hasattr(method, "localcloud_alone"):
            setattr(DynamoHandler, name, _alone(method))


def _alone(method: Any) -> Any:
    @functools.wraps(method)
    def write(*args: Any, **kwargs: Any) -> Any:
        with _one_at_a_time:
            return method(*args, **kwargs)

    setattr(write, "localcloud_alone", True)  # noqa: B010 - mypy minds the assignment
    return write
