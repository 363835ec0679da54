"""The deployed stack as the measurement prepares it, and counts of what happens in it."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from deployment.stack import OWNER_TAG, Stack
from localcloud.cloud import LocalCloud
from localcloud.ec2 import PLENTY
from localcloud.services import ACCOUNT_ID
from odcr.settings import StackSettings

Key = tuple[str, str]
"""An instance type, and a zone by its name."""

RUN_SECONDS = 900.0
"""How long a run may take on the wall."""

_STATUS = {"Questions": "statements", "Com_commit": "commits", "Innodb_lsn_current": "redo_bytes"}
"""MariaDB's counters, and our names for them."""


@contextmanager
def deployed(concurrency: int) -> Iterator[Stack]:
    """The stack, deployed. Its functions find the schedule enabled, but only the measurement starts runs.

    The cloud's clock is the wall's: if it were faster, the functions' work would take a larger part of a run than on
    AWS, and the run would make as many visits as this machine can.

    Args:
        concurrency: invocations at once, at most.
    """
    with LocalCloud(concurrency=concurrency, vcpu_quota=PLENTY) as cloud:
        cloud.schedules.stop()
        log("sam deploy")
        stack = Stack(cloud)
        stack.deploy()
        yield stack


def offered(stack: Stack, count: int) -> list[Key]:
    """So many pairs of type and zone that EC2 offers in the stack's Region."""
    pages = stack.client("ec2").get_paginator("describe_instance_type_offerings")
    offers = [
        (offer["InstanceType"], offer["Location"])
        for page in pages.paginate(LocationType="availability-zone")
        for offer in page["InstanceTypeOfferings"]
    ]
    return sorted(offers)[:count]


def hold(stack: Stack, keys: Sequence[Key], instances: int) -> None:
    """Makes reservations as the stack makes them. The pools stay dry."""
    owner = StackSettings(stack.name, stack.cloud.region, ACCOUNT_ID).owner
    for key in keys:
        stack.cloud.capacity.plant(*key, instances, {OWNER_TAG: owner, "odcr:made": "0" * 64})


def want(stack: Stack, keys: Sequence[Key], instances: int) -> None:
    """Adds rows, and prices, so that no run looks at the price list."""
    prices = ", ".join(f"('{kind}', '{region}', 1)" for kind, region in sorted({(kind, at[:-1]) for kind, at in keys}))
    stack.sql(f"INSERT IGNORE INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES {prices}")  # noqa: S608 - of EC2's own names
    rows = ", ".join(f"('{kind}', '{zone}', {instances}, 0)" for kind, zone in keys)
    stack.sql(f"INSERT INTO odcr_capacity VALUES {rows}")  # noqa: S608 - of EC2's own names


def statuses(stack: Stack) -> dict[str, int]:
    """How many targets have which status."""
    return dict(stack.sql("SELECT Status, COUNT(*) FROM odcr_status GROUP BY Status"))


def expect(stack: Stack, **expected: int) -> None:
    """Checks how many targets have which status.

    Raises:
        RuntimeError: the count of one of these statuses differs.
    """
    actual = statuses(stack)
    if any(actual.get(status, 0) != count for status, count in expected.items()):
        raise RuntimeError(f"The targets should be {expected}, but they are {actual}")


def wait(stack: Stack, execution: str) -> None:
    """Waits until an execution has ended.

    Raises:
        RuntimeError: it did not succeed.
    """
    ended = stack.wait(execution, RUN_SECONDS)
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"A run ended as {ended['status']}: {ended.get('cause')}")


class Meter:
    """Counts what happens from its creation on, without the statements that it sends itself."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        first = self._counters()
        self._before = self._counters()
        self._own = _difference(self._before, first)

    def read(self) -> Counter[str]:
        """Calls to EC2 by action; and the database's `statements`, `commits` and `redo_bytes`."""
        return _difference(_difference(self._counters(), self._before), self._own)

    def _counters(self) -> Counter[str]:
        counters = Counter({call.action: call.calls for call in self._stack.cloud.capacity.calls()})
        with self._stack.cloud.database.admin_connection() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN %s", (tuple(_STATUS),))
            values = {name.lower(): int(value) for name, value in cursor.fetchall()}
        counters.update({ours: values[name.lower()] for name, ours in _STATUS.items()})
        return counters


def _difference(after: Counter[str], before: Counter[str]) -> Counter[str]:
    return Counter({name: count - before[name] for name, count in after.items()})


def logged(stack: Stack, since: int) -> dict[str, list[str]]:
    """What the stack's functions have logged since then (milliseconds of the epoch), by function."""
    logs = stack.client("logs")
    prefix = f"/aws/lambda/{stack.name}-"
    groups = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]]
    pages = logs.get_paginator("filter_log_events")
    return {
        name.rpartition("-")[2]: [
            event["message"] for page in pages.paginate(logGroupName=name, startTime=since) for event in page["events"]
        ]
        for name in groups
    }


def log(text: str) -> None:
    """Says what is being done."""
    sys.stderr.write(f"  {text}\n")
