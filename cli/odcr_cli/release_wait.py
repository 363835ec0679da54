"""Waits for the runs that may have read what was wanted before it was lowered."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from odcr_cli.source import LiveSource
from odcr_cli.trouble import aws_errors_as_trouble

AGE_SECONDS = 120
"""A run never buys for a row that was lowered longer ago: docs/how-to/demands.md, "Change your mind"."""

_BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")
_NEWEST = 10
"""How many runs to look at per status; the newest has the most time left."""
_LOOK_SECONDS = 5
_RETRIED_LIST_SECONDS = 5
"""ListExecutions is eventually consistent: an answer may lack an execution that has just started.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html"""


def wait_for_runs(
    live: LiveSource,
    show: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Waits until all runs, and functions of ended runs, are over that may have read the old number.

    Args:
        live: the stack.
        show: shows what is being waited for.
        sleep, clock: this machine's; never compared with AWS's clock.
    """
    since = clock()
    at_least = seconds_after_bad_end(live)
    waited_for = running(live)
    sleep(_RETRIED_LIST_SECONDS)
    waited_for |= running(live)
    if waited_for:
        show(f"Waiting for {len(waited_for)} run(s) that may have read the old number")
    ended = set()
    for arn in waited_for:
        while (status := _status(live, arn)) == "RUNNING":
            sleep(_LOOK_SECONDS)
        ended.add(status)
    if ended - {"SUCCEEDED"}:
        at_least = AGE_SECONDS
    if (left := at_least - (clock() - since)) > 0:
        # Its functions may go on for a while, but never buy for a row that is older.
        show(f"A run has failed: waiting {left:.0f} s until its functions have ended, too")
        sleep(left)


def seconds_after_bad_end(live: LiveSource) -> float:
    """How many seconds the functions of ended runs may go on buying; 0 if all succeeded, or ended long ago.

    When an execution fails or is stopped, its running functions go on with the rows that it has read.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html lists the newest first.
    """
    client = live.account.client("stepfunctions")
    longest = 0.0
    for status in _BAD_ENDS:
        with aws_errors_as_trouble():
            answer = client.list_executions(
                stateMachineArn=live.stack.output("StateMachineArn"), statusFilter=status, maxResults=_NEWEST
            )
        for execution in answer["executions"]:
            age = (_answered_at(answer) - execution["startDate"]).total_seconds()
            longest = max(longest, AGE_SECONDS - max(0.0, age))
    return longest


def _answered_at(answer: Any) -> datetime:
    """The moment of an answer by AWS's clock, because this machine's clock may be minutes off."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    # https://www.rfc-editor.org/rfc/rfc9110#name-date
    return parsedate_to_datetime(date) if date else datetime.now(UTC)


def running(live: LiveSource) -> set[str]:
    """The ARNs of the running executions."""
    machine = live.stack.output("StateMachineArn")
    executions = live.account.pages(
        "stepfunctions", "list_executions", "executions", stateMachineArn=machine, statusFilter="RUNNING"
    )
    return {str(execution["executionArn"]) for execution in executions}


def _status(live: LiveSource, arn: str) -> str:
    with aws_errors_as_trouble():
        return str(live.account.client("stepfunctions").describe_execution(executionArn=arn)["status"])
