"""A run's usage on the local cloud, and what AWS would charge for."""

import math
from collections.abc import Mapping
from typing import TypedDict

HELD, DRY, SLOW, BUSY = "held", "dry", "slow", "busy"
"""Runs in which nothing is short; some targets are, in dry pools; in pools dry for long; and one beside another run."""

ONE_VCPU_MB = 1769
"""The memory at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

EC2_SECONDS = 0.5
"""Assumed: a function's wait for an answer of EC2 or another AWS API, connecting included."""

SQL_SECONDS = 0.005
"""Assumed: a function's wait for an answer of the database in its VPC."""

WRITE_BYTES = 4096
"""Bytes that Aurora counts as one request to its storage: https://aws.amazon.com/rds/aurora/faqs/"""


class Work(TypedDict):
    """All invocations of one function in a run."""

    invocations: int
    cpu_ms: float
    """Milliseconds on a whole processor of the machine that measured."""
    billed_ms: float
    """Milliseconds that Lambda would bill."""


class Usage(TypedDict):
    """One run's usage."""

    states: dict[str, int]
    """Number of times that each state was entered."""
    repeats: int
    """Repeated tasks, for which Step Functions charges too."""
    functions: dict[str, Work]
    ec2_calls: int
    bucket_writes: int
    """Writes to the DynamoDB table of request buckets."""
    statements: int
    commits: int
    redo_bytes: int
    """Bytes that the database wrote to its log."""
    log_bytes: int
    """Bytes that CloudWatch would take in."""
    metrics: list[str]
    """Custom metrics sent: namespace, name and dimensions."""
    seconds: float
    """Length of the run on AWS; see `records.length`."""


class Run(TypedDict):
    """A recorded run."""

    case: str
    targets: int
    short: int
    used: Usage


def transitions(run: Usage) -> int:
    """State transitions that Step Functions charges for."""
    return sum(run["states"].values()) + run["repeats"]


def is_followed(run: Usage) -> bool:
    """Whether it starts the next run when it ends."""
    return run["states"].get("StartNextRun", 0) > 0


def of_functions(run: Usage, field: str) -> float:
    """The sum of a field of all functions' `Work`."""
    return float(sum(work[field] for work in run["functions"].values()))  # type: ignore[literal-required]


def gb_seconds(run: Usage, memory_mb: Mapping[str, int]) -> float:
    """GB-seconds that Lambda would bill for functions with so much memory."""
    return sum(one["billed_ms"] / 1000 * memory_mb[name] / 1024 for name, one in run["functions"].items())


def storage_requests(run: Usage) -> int:
    """Requests to Aurora's storage. Assumed: its log in pieces of `WRITE_BYTES`, and one for each commit."""
    return math.ceil(run["redo_bytes"] / WRITE_BYTES) + run["commits"]


def billed_ms(cpu_ms: float, latency_seconds: float, memory_mb: int, invocations: int) -> float:
    """Milliseconds on Lambda: processor time on the function's part of a vCPU, plus waits for answers.

    The sum assumes that a function never works while it waits, which costs more. Each invocation is rounded up to a
    millisecond.
    """
    return cpu_ms * ONE_VCPU_MB / memory_mb + latency_seconds * 1000 + invocations
