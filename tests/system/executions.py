"""The histories of executions of the deployed state machines."""

from typing import Any

from deployment.stack import Stack


def states(stack: Stack, execution: str) -> list[str]:
    """The states that an execution has entered, in order."""
    return states_in(stack.history(execution))


def states_in(history: list[dict[str, Any]]) -> list[str]:
    """The states that a history shows as entered, in order."""
    return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
