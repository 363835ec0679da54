"""What the demonstration prints about runs."""

import io
from typing import Any, cast

from demo.observer import Observer
from demo.screen import Screen
from demo.stack import Stack


class OneRun:
    """A stack in which one run has this history, and nothing is reserved."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.outputs = {"StateMachineArn": "machine"}
        self._events = [
            {"id": number, "previousEventId": number - 1, **event} for number, event in enumerate(events, 1)
        ]

    def client(self, _service: str) -> Any:
        """Of Step Functions."""
        return self

    def list_executions(self, **_: str) -> dict[str, Any]:
        """The one run."""
        return {"executions": [{"executionArn": "run", "startDate": 0, "status": "RUNNING"}]}

    def history(self, _execution: str) -> list[dict[str, Any]]:
        """Its events."""
        return self._events

    def reservations(self) -> list[Any]:
        """None."""
        return []


def told(*events: dict[str, Any]) -> str:
    taken = io.StringIO()
    Observer(cast(Stack, OneRun(list(events))), Screen(taken, width=200)).look()
    return taken.getvalue()


def failed(error: str) -> tuple[dict[str, Any], ...]:
    return (
        {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "LoadTargets"}},
        {"type": "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails": {"error": error, "cause": "[/words]"}},
    )


def test_the_first_runs_refused_login_is_told_as_what_it_is() -> None:
    text = told(*failed("LoginRefused"))
    assert "LoginRefused" not in text
    assert "run 1    LoadTargets     the database does not know odcr yet, so it is prepared first" in text


def test_another_error_is_named() -> None:
    assert "run 1    LoadTargets     Weird[/red]" in told(*failed("Weird[/red]"))
