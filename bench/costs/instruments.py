"""What the local cloud lacks for a bill: the time that EC2 takes to answer, and a count of writes to DynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.ec2.responses import EC2Response

from bench.costs.usage import EC2_SECONDS
from localcloud.clock import Clock


@dataclass
class Writes:
    """How many items have been written, or were not because of a condition, which costs the same."""

    count: int = 0
    _lock: Lock = field(default_factory=Lock)

    def add(self) -> None:
        """One more."""
        with self._lock:
            self.count += 1


@contextmanager
def instrumented(clock: Clock) -> Iterator[Writes]:
    """Within it, EC2 takes `EC2_SECONDS` to answer, and writes are counted; a local cloud has to be running."""
    perform, update, writes = EC2Response.call_action, DynamoDBBackend.update_item, Writes()

    def call_action(self: Any) -> Any:
        clock.sleep(EC2_SECONDS)
        return perform(self)

    def update_item(*args: Any, **kwargs: Any) -> Any:
        writes.add()
        return update(*args, **kwargs)

    replaced = (EC2Response, perform, call_action), (DynamoDBBackend, update, update_item)
    for owner, original, other in replaced:
        setattr(owner, original.__name__, other)
    try:
        yield writes
    finally:
        for owner, original, _ in replaced:
            setattr(owner, original.__name__, original)
