"""The words for a state's status."""

from odcr_cli.execution_graph.translation import Translate, untranslated
from odcr_cli.execution_graph.visits import Status


def status_word(status: Status, translate: Translate = untranslated) -> str:
    """A status, in words."""
    words = {
        Status.NOT_REACHED: translate("not reached"),
        Status.RUNNING: translate("running"),
        Status.SUCCEEDED: translate("succeeded"),
        Status.CAUGHT: translate("caught error"),
        Status.ABORTED: translate("aborted"),
        Status.FAILED: translate("failed"),
    }
    return words[status]


def count_word(status: Status, count: int, translate: Translate) -> str:
    """A status with the number of items or branches that have it."""
    words = {
        Status.NOT_REACHED: translate("{count} not reached", count=count),
        Status.RUNNING: translate("{count} running", count=count),
        Status.SUCCEEDED: translate("{count} succeeded", count=count),
        Status.CAUGHT: translate("{count} caught", count=count),
        Status.ABORTED: translate("{count} aborted", count=count),
        Status.FAILED: translate("{count} failed", count=count),
    }
    return words[status]
