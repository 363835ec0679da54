"""The graph of a definition in the Amazon States Language: states, transitions, and levels inside Maps and Parallels.

The language: https://states-language.net/spec.html. Step Functions has validated the definition. What remains odd, such
as a transition to nowhere, is drawn as far as possible.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from odcr_cli.execution_graph.conditions import condition_text
from odcr_cli.execution_graph.text import clean
from odcr_cli.execution_graph.translation import Translate, untranslated
from odcr_cli.trouble import Trouble

START, END = "", "/"
"""The paths of the nodes Start and End; no state has them."""


class Way(StrEnum):
    """Why one state follows another."""

    NEXT = "next"
    CHOICE = "choice"
    DEFAULT = "default"
    CATCH = "catch"


@dataclass(frozen=True)
class Transition:
    """An arrow between two nodes of a level."""

    source: str
    """The path of a state, or START."""
    target: str
    """The path of a state, or END."""
    way: Way
    label: str = ""
    """The condition, or the errors that are caught."""


@dataclass(frozen=True)
class State:
    """One state."""

    path: str
    """The names from the outermost state to this one, with the numbers of branches, joined by slashes."""
    name: str
    kind: str
    """Its type: Task, Map, ..."""
    about: str
    """A second line for people, such as what it calls or how long it waits."""
    levels: tuple["Level", ...] = ()
    """The levels inside: one for a Map, one per branch of a Parallel."""
    distributed: bool = False
    """Whether the items are separate executions, which this history does not contain."""
    error: str = ""
    cause: str = ""
    """The error and cause of a Fail state."""


@dataclass(frozen=True)
class Level:
    """The states and transitions of the machine, of a Map's item or of a Parallel's branch."""

    states: dict[str, State]
    """By name."""
    transitions: tuple[Transition, ...]


@dataclass(frozen=True)
class Graph:
    """A definition's graph."""

    level: Level
    states: dict[str, State] = field(repr=False)
    """All states by path, outer before inner."""


def graph_of(definition: str, translate: Translate = untranslated) -> Graph:
    """The graph of a definition, as DescribeStateMachineForExecution gives it.

    Args:
        definition: in the States Language.
        translate: translates the texts added to the definition's own.

    Raises:
        Trouble: if it is not a definition.
    """
    try:
        level = _level(json.loads(definition), "", translate)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Trouble(
            "The definition of the state machine cannot be read: it is not in the States Language."
        ) from error
    return Graph(level, {state.path: state for state in _all_states(level)})


def _all_states(level: Level) -> Iterator[State]:
    for state in level.states.values():
        yield state
        for inner in state.levels:
            yield from _all_states(inner)


def _level(definition: dict[str, Any], prefix: str, translate: Translate) -> Level:
    named = definition["States"]
    paths = {name: prefix + (clean(name).replace("~", "~0").replace("/", "~1") or "~") for name in named}
    states = {clean(name): _state(name, paths[name], definition, translate) for name, definition in named.items()}
    transitions = [Transition(START, paths[definition["StartAt"]], Way.NEXT)] if definition["StartAt"] in paths else []
    for name, state in named.items():
        transitions += _transitions(paths[name], state, paths, translate)
    return Level(states, tuple(transitions))


def _transitions(
    source: str, state: dict[str, Any], paths: dict[str, str], translate: Translate
) -> Iterator[Transition]:
    for rule in state.get("Choices", []):
        if rule.get("Next") in paths:
            yield Transition(source, paths[rule["Next"]], Way.CHOICE, condition_text(rule))
    if state.get("Default") in paths:
        yield Transition(source, paths[state["Default"]], Way.DEFAULT, translate("otherwise"))
    if state.get("Next") in paths:
        yield Transition(source, paths[state["Next"]], Way.NEXT)
    elif state.get("End") or state["Type"] in ("Succeed", "Fail"):
        yield Transition(source, END, Way.NEXT)
    for catcher in state.get("Catch", []):
        if catcher.get("Next") in paths:
            yield Transition(source, paths[catcher["Next"]], Way.CATCH, clean(", ".join(catcher["ErrorEquals"])))


def _state(name: str, path: str, definition: dict[str, Any], translate: Translate) -> State:
    kind = str(definition["Type"])
    inner: list[Level] = []
    distributed = False
    if kind == "Map":
        # Iterator is the older name: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
        processor = definition.get("ItemProcessor") or definition["Iterator"]
        distributed = processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
        inner = [_level(processor, f"{path}/", translate)]
    elif kind == "Parallel":
        inner = [_level(branch, f"{path}/{number}/", translate) for number, branch in enumerate(definition["Branches"])]
    return State(
        path,
        clean(name),
        clean(kind),
        clean(_about(kind, definition, translate, distributed=distributed)),
        tuple(inner),
        distributed,
        str(definition.get("Error", "")),
        str(definition.get("Cause", "")),
    )


def _about(kind: str, definition: dict[str, Any], translate: Translate, *, distributed: bool) -> str:
    if kind == "Task":
        return _resource(str(definition.get("Resource", "")), translate)
    if kind == "Wait":
        for field in ("Seconds", "SecondsPath"):
            if field in definition:
                return translate("Wait {seconds} s", seconds=definition[field])
        for field in ("Timestamp", "TimestampPath"):
            if field in definition:
                return translate("Wait until {moment}", moment=definition[field])
    if kind == "Map":
        return translate("Map, distributed") if distributed else kind
    if kind == "Fail":
        return f"Fail: {definition['Error']}" if definition.get("Error") else "Fail"
    return kind


def _resource(arn: str, translate: Translate) -> str:
    """What a Task calls: "lambda invoke", "sns publish", "dynamodb getItem", or a function's name."""
    # arn:aws:states:::service:action.pattern, arn:aws:states:::aws-sdk:service:action, or a function's or activity's:
    # https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    parts = arn.split(":")
    if len(parts) > 6 and parts[2] == "states" and not parts[4]:
        service, action = parts[-2:]
        action, _, suffix = action.partition(".")
        called = f"{service} {action}"
        if suffix.startswith("sync"):
            return translate("{called}, waits", called=called)
        return translate("{called}, waits for a token", called=called) if suffix == "waitForTaskToken" else called
    if len(parts) > 6:
        return parts[6] if parts[5] == "function" else f"{parts[5]} {parts[6]}"
    return "Task"
