"""What one run used, and what Lambda and Aurora would count of it."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

ONE_VCPU_MB = 1769
"""The memory at which a function has one vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""

EC2_SECONDS = 0.5
"""Assumed: what a function waits for one answer of EC2, connecting included. The local EC2 answers at once."""

SQL_SECONDS = 0.005
"""Assumed: what a function waits for one answer of the database in its VPC."""

WRITE_BYTES = 4096
"""What Aurora counts as one request to its storage: https://aws.amazon.com/rds/aurora/faqs/"""


@dataclass(frozen=True)
class Usage:
    """One run, as it was executed on the local cloud."""

    states: dict[str, int] = field(default_factory=dict)
    """How often each state was entered, by name."""
    repeats: int = 0
    """How often the state machine repeated a task; Step Functions charges for these, too."""
    invocations: int = 0
    """Of all functions."""
    cpu_ms: float = 0
    """Of all functions, on a whole processor of the machine that measured."""
    waits: int = 0
    """Invocations that waited for their turn of EC2's request rate."""
    waited_ms: float = 0
    """How long, in the cloud's time."""
    ec2_calls: int = 0
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
    """How long the run would take with 40 items at once and AWS's latencies as assumed; reckoned, not measured."""

    @property
    def transitions(self) -> int:
        """State transitions that Step Functions charges for."""
        return sum(self.states.values()) + self.repeats

    @property
    def storage_requests(self) -> int:
        """Requests to Aurora's storage; assumed to be its log in pieces of 4 KiB, and one more for each commit."""
        return math.ceil(self.redo_bytes / WRITE_BYTES) + self.commits

    def billed_ms(self, memory_mb: int) -> float:
        """Milliseconds that Lambda would bill for functions of this memory."""
        latency = self.ec2_calls * EC2_SECONDS + self.statements * SQL_SECONDS
        # Each invocation is rounded up to the next millisecond.
        return billed_ms(self.cpu_ms, self.waited_ms, latency, memory_mb) + self.invocations

    def gb_seconds(self, memory_mb: int) -> float:
        """GB-seconds that Lambda would bill for functions of this memory."""
        return self.billed_ms(memory_mb) / 1000 * memory_mb / 1024

    def to_json(self) -> dict[str, Any]:
        """As in results.json."""
        return asdict(self) | {"metrics": list(self.metrics)}

    @classmethod
    def from_json(cls, read: dict[str, Any]) -> "Usage":
        """From results.json."""
        return cls(**(read | {"metrics": tuple(read["metrics"])}))


def billed_ms(cpu_ms: float, waited_ms: float, latency_seconds: float, memory_mb: int) -> float:
    """Milliseconds on Lambda: the processor's time on the function's part of a vCPU, and waiting for this and that.

    They are added, as if a function never worked while it waits, which is the dearer assumption.
    """
    return cpu_ms * ONE_VCPU_MB / memory_mb + waited_ms + latency_seconds * 1000
