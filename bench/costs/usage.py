"""What one run used, and what Lambda and Aurora would count of it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

ONE_VCPU_MB = 1769
"""The memory at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

EC2_SECONDS = 0.5
"""Assumed: what a function waits for one answer of EC2, or of another AWS API, connecting included."""

SQL_SECONDS = 0.005
"""Assumed: what a function waits for one answer of the database in its VPC."""

WRITE_BYTES = 4096
"""What Aurora counts as one request to its storage: https://aws.amazon.com/rds/aurora/faqs/"""


@dataclass(frozen=True)
class Work:
    """What all invocations of one function did in a run."""

    invocations: int
    cpu_ms: float
    """On a whole processor of the machine that measured."""
    slept_ms: float
    """In `time.sleep`, in the cloud's time."""
    billed_ms: float
    """What Lambda would bill; reckoned by `billed_ms`, or as long as it lasted in the cloud's time."""


@dataclass(frozen=True)
class Usage:
    """One run, as it was executed on the local cloud."""

    states: dict[str, int] = field(default_factory=dict)
    """How often each state was entered, by name."""
    repeats: int = 0
    """How often the state machine repeated a task; Step Functions charges for these, too."""
    functions: dict[str, Work] = field(default_factory=dict)
    """By the function's name in the template."""
    ec2_calls: int = 0
    bucket_writes: int = 0
    """Writes to the DynamoDB table of request buckets."""
    statements: int = 0
    """Statements that the database was sent."""
    commits: int = 0
    redo_bytes: int = 0
    """What the database wrote to its log."""
    log_bytes: int = 0
    """What CloudWatch would take in: each message in UTF-8 and 26 bytes."""
    messages: int = 0
    """Published to the SNS topic."""
    metrics: tuple[str, ...] = ()
    """The custom metrics that were sent: namespace, name and dimensions."""
    seconds: float = 0
    """How long the run would take with AWS's latencies as assumed."""

    @property
    def transitions(self) -> int:
        """State transitions that Step Functions charges for."""
        return sum(self.states.values()) + self.repeats

    @property
    def is_followed(self) -> bool:
        """Whether it starts the next run when it ends."""
        return self.states.get("StartNextRun", 0) > 0

    @property
    def invocations(self) -> int:
        """Of all functions."""
        return sum(one.invocations for one in self.functions.values())

    @property
    def cpu_ms(self) -> float:
        """Of all functions."""
        return sum(one.cpu_ms for one in self.functions.values())

    @property
    def slept_ms(self) -> float:
        """Of all functions."""
        return sum(one.slept_ms for one in self.functions.values())

    @property
    def billed_ms(self) -> float:
        """Of all functions."""
        return sum(one.billed_ms for one in self.functions.values())

    @property
    def storage_requests(self) -> int:
        """Requests to Aurora's storage; assumed to be its log in pieces of 4 KiB, and one more for each commit."""
        return math.ceil(self.redo_bytes / WRITE_BYTES) + self.commits

    def gb_seconds(self, memory_mb: Mapping[str, int]) -> float:
        """GB-seconds that Lambda would bill for functions of these memories."""
        return sum(one.billed_ms / 1000 * memory_mb[name] / 1024 for name, one in self.functions.items())

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        return asdict(self) | {"metrics": list(self.metrics)}

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> "Usage":
        """From results.json."""
        functions = {name: Work(**one) for name, one in read["functions"].items()}
        return cls(**(read | {"metrics": tuple(read["metrics"]), "functions": functions}))


def billed_ms(cpu_ms: float, latency_seconds: float, memory_mb: int, invocations: int) -> float:
    """Milliseconds on Lambda: the processor's time on the function's part of a vCPU, and waiting for answers.

    They are added, as if a function never worked while it waits, which is the dearer assumption. Each invocation is
    rounded up to the next millisecond.
    """
    return cpu_ms * ONE_VCPU_MB / memory_mb + latency_seconds * 1000 + invocations
