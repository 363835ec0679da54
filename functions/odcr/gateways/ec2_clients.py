"""boto3's clients of EC2, by Region."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from odcr.gateways.clients import CREATION_LOCK

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

UNKNOWN_SECONDS = 3.0
"""Time-outs, each, for a Region that botocore does not know."""


def retrying_client(region: str, *, is_known: bool = True) -> "EC2Client":
    """A client for reading, which may be retried.

    Args:
        region: the Region.
        is_known: whether botocore knows it. If not, there may be no such Region: the client gets one attempt of
            UNKNOWN_SECONDS, and is not kept.
    """
    with CREATION_LOCK:
        if is_known:
            return _client(region, 3)
        return _new_client(region, 1, connect_timeout=UNKNOWN_SECONDS, read_timeout=UNKNOWN_SECONDS)


def single_attempt_client(region: str) -> "EC2Client":
    """A client with one HTTP attempt for each call: boto3 would retry a refusal that EC2 answers with HTTP 500."""
    with CREATION_LOCK:
        return _client(region, 1)


@cache
def _client(region: str, attempts: int) -> "EC2Client":
    # All attempts together must end well before the functions' time-outs, even in a Region that does not answer.
    return _new_client(region, attempts, connect_timeout=4, read_timeout=12)


def _new_client(region: str, attempts: int, connect_timeout: float, read_timeout: float) -> "EC2Client":
    return boto3.client(
        "ec2",
        region_name=region,
        config=Config(
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        ),
    )
