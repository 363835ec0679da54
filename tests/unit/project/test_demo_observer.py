"""What the demonstration prints about runs."""

import io
from typing import Any, cast

from demo.observer import Observer
from demo.screen import Screen
from deployment.stack import Stack


class FakeStack:
    """A stack with one run, which has this history, and without reservations."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.outputs = {"StateMachineArn": "machine"}
        self._events = [
            {"id": number, "previousEventId": number - 1, **event} for number, event in enumerate(events, 1)
        ]

    def client(self, _service: str) -> Any:
        """The client of Step Functions."""
        return self

    def list_executions(self, **_: str) -> dict[str, Any]:
        """The run."""
        return {"executions": [{"executionArn": "run", "startDate": 0, "status": "RUNNING"}]}

    def history(self, _execution: str) -> list[dict[str, Any]]:
        """The run's events."""
        return self._events

    def reservations(self) -> list[Any]:
        """None."""
        return []


def printed(*events: dict[str, Any]) -> str:
    """What the observer prints about a run with these events."""
    output = io.StringIO()
    Observer(cast(Stack, FakeStack(list(events))), Screen(output, width=200)).look()
    return output.getvalue()


def failed(error: str) -> tuple[dict[str, Any], ...]:
    return (
        {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "LoadTargets"}},
        {"type": "LambdaFunctionFailed", "lambdaFunctionFailedEventDetails": {"error": error, "cause": "[/words]"}},
    )


def test_the_refused_login_of_the_first_run_is_explained() -> None:
    text = printed(*failed("LoginRefused"))
    assert "LoginRefused" not in text
    assert "run 1    LoadTargets     the database does not know odcr yet, so it is prepared first" in text


def test_another_error_is_named() -> None:
    assert "run 1    LoadTargets     Weird[/red]" in printed(*failed("Weird[/red]"))
