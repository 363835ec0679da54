"""The words for how a state stands."""

from odcr_cli.execution_graph.saying import Say, english
from odcr_cli.execution_graph.visits import Status


def status_word(status: Status, say: Say = english) -> str:
    """How a state stands."""
    words = {
        Status.NOT_REACHED: say("not reached"),
        Status.RUNNING: say("running"),
        Status.SUCCEEDED: say("succeeded"),
        Status.CAUGHT: say("caught error"),
        Status.ABORTED: say("aborted"),
        Status.FAILED: say("failed"),
    }
    return words[status]


def count_word(status: Status, count: int, say: Say = english) -> str:
    """In how many of a state's items or branches it stands so."""
    words = {
        Status.NOT_REACHED: say("{count} not reached", count=count),
        Status.RUNNING: say("{count} running", count=count),
        Status.SUCCEEDED: say("{count} succeeded", count=count),
        Status.CAUGHT: say("{count} caught", count=count),
        Status.ABORTED: say("{count} aborted", count=count),
        Status.FAILED: say("{count} failed", count=count),
    }
    return words[status]
