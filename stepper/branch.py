"""One flow of control within an execution: the execution's own, or that of one item of a Map."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stepper.choices import holds
from stepper.expressions import PathError, fill_in, put, select
from stepper.items import Items
from stepper.retrying import Retriers, catcher_of
from stepper.strand import Strand

if TYPE_CHECKING:
    from stepper.execution import Execution

_MAX_BYTES = 256 * 1024
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

_COMMON = {"Type", "Comment", "InputPath", "OutputPath", "Next", "End"}
_WORK = {"Parameters", "ResultSelector", "ResultPath", "Retry", "Catch"}
_FIELDS = {
    "Task": _COMMON | _WORK | {"Resource", "TimeoutSeconds"},
    "Map": _COMMON | _WORK | {"ItemsPath", "ItemSelector", "ItemProcessor", "MaxConcurrency", "MaxConcurrencyPath"},
    "Pass": _COMMON | {"Parameters", "Result", "ResultPath"},
    "Wait": _COMMON | {"Seconds", "SecondsPath"},
    "Choice": _COMMON | {"Choices", "Default"},
    "Succeed": _COMMON,
    "Fail": {"Type", "Comment", "Error", "ErrorPath", "Cause", "CausePath"},
}


class TaskFailed(Exception):  # noqa: N818 - a state that reports an error, which is no mistake of the stepper's
    """Args: error: the error's name; cause: as text."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error, cause)
        self.error, self.cause = error, cause


class Branch:
    """A chain of states. It waits before an attempt of a Task, in a Wait or a Map, or is over.

    Args:
        execution: the execution that it belongs to.
        definition: `StartAt` and `States`.
        data: the first state's input.
        context: the context object, besides the execution and the state.
        on_output: called with the output.
        on_failure: called with an error that nothing here catches.

    Raises:
        NotImplementedError: if a state has a type or a field that the stepper does not support.
    """

    def __init__(
        self,
        execution: "Execution",
        definition: Mapping[str, Any],
        data: Any,
        context: Mapping[str, Any],
        on_output: Callable[[Any], None],
        on_failure: Callable[[TaskFailed], None],
    ) -> None:
        self._execution, self._states = execution, definition["States"]
        self._more_context, self._on_output, self._on_failure = context, on_output, on_failure
        self._map: Items[Branch] | None = None
        self.due = 0.0
        """Seconds since the epoch before which nothing happens."""
        self.planned = 0
        """The number of its entry in the execution's plan; 0 if nothing is planned."""
        self._strand: Strand[Callable[[], None]] | None = None
        """The current attempt."""
        self._is_running = False
        self._enter(definition["StartAt"], data)

    @property
    def state_name(self) -> str:
        """The current state's name."""
        return self._name

    @property
    def context(self) -> dict[str, Any]:
        """The context object."""
        state = {"Name": self._name, "EnteredTime": self._entered, "RetryCount": self._retriers.count}
        return {**self._execution.context, **self._more_context, "State": state}

    @property
    def input(self) -> Any:
        """The current state's input, after InputPath."""
        path = self._state.get("InputPath", "$")
        return {} if path is None else select(path, self._data, self.context)

    @property
    def attempts(self) -> int:
        """How often the current state was retried."""
        return self._retriers.count

    @property
    def is_asleep(self) -> bool:
        """Whether its task has begun and sleeps."""
        return self._strand is not None and not self._is_running

    def ready(self) -> "list[Branch]":
        """Itself, or the items of its Map; without those whose attempt is running."""
        if self._is_running:
            return []
        if self._map is None:
            return [self]
        return [branch for index in sorted(self._map.active) for branch in self._map.active[index].ready()]

    def advance(self, *, twice: bool = False) -> None:
        """Begins or continues an attempt, until its task sleeps or everything that follows from it is done.

        Args:
            twice: runs a task that begins now a second time with the same payload; the second answer counts.
        """
        self.planned = 0
        strand = self._strand = self._strand or Strand(lambda: self._attempt(twice=twice))
        self._is_running = True
        moment = strand.go_on()
        self._is_running = False
        if moment is not None:
            self._plan(moment)
            self._execution.machine.sleeps(self)
            return
        self._strand = None
        # A task may outlive its execution, but does not change it any more.
        if not self._execution.is_over_by_now():
            strand.result()

    def abandon(self) -> None:
        """Ends it: nothing happens to it any more."""
        self.planned = 0
        if self._map is not None:
            for item in self._map.active.values():
                item.abandon()

    def answer(self, result: Any) -> None:
        """Continues with the result of the Task or the Map."""
        self._map = None
        try:
            if "ResultSelector" in self._state:
                result = self._evaluated(lambda: fill_in(self._state["ResultSelector"], result, self.context))
            output = self._evaluated(lambda: put(self._state.get("ResultPath", "$"), self._data, result))
        except TaskFailed as failure:
            self._error(failure)
            return
        self._leave(output)

    def _attempt(self, *, twice: bool) -> Callable[[], None]:
        """Makes one attempt of the current Task, or ends a wait; returns a function that continues from there."""
        if self._state["Type"] == "Wait":
            return lambda: self._leave(self.input)
        if self._state["Type"] == "Map":
            return self._start
        try:
            machine, payload = self._execution.machine, self._payload()
            task = machine.tasks[self._state["Resource"]]
            started = machine.clock.now()
            result = task(machine.carry(payload))
            if twice:
                result = task(machine.carry(payload))
            if machine.clock.now() - started >= self._state.get("TimeoutSeconds", float("inf")):
                raise TaskFailed("States.Timeout", "")
            answered = machine.carry(result)
        except TaskFailed as failure:
            failed = failure
            return lambda: self._error(failed)
        return lambda: self.answer(answered)

    def _plan(self, moment: float) -> None:
        self.due = moment
        self._execution.plan(self)

    def _enter(self, name: str, data: Any) -> None:
        self._name, self._data = name, data
        self._state: Mapping[str, Any] = self._states[name]
        self._retriers = Retriers(self._state.get("Retry", ()))
        kind = self._state["Type"]
        if unknown := self._state.keys() - _FIELDS.get(kind, {"Type"}):
            raise NotImplementedError(f"{name}, a {kind}: {', '.join(sorted(unknown))} is not supported")
        now = self._execution.machine.clock.now()
        self._entered = iso(now)
        self._execution.entered.setdefault(name, now)
        self.planned = 0
        self._start()

    def _start(self) -> None:
        try:
            self._evaluated(self._begin)
        except TaskFailed as failure:
            self._error(failure)

    def _begin(self) -> None:
        kind = self._state["Type"]
        if kind == "Choice":
            data = self.input
            matching = (rule["Next"] for rule in self._state["Choices"] if holds(rule, data, self.context))
            next_state = next(matching, self._state.get("Default"))
            if next_state is None:
                raise TaskFailed("States.NoChoiceMatched", f"{self._name} has no choice for its input")
            self._enter(next_state, data)
        elif kind == "Pass":
            result = self._state["Result"] if "Result" in self._state else self._payload()
            self._leave(put(self._state.get("ResultPath", "$"), self._data, result))
        elif kind == "Wait":
            seconds = self._state.get("Seconds")
            if seconds is None:
                seconds = select(self._state["SecondsPath"], self.input, self.context)
            self._plan(self._execution.machine.clock.now() + seconds)
        elif kind == "Task":
            self._plan(self._execution.machine.clock.now())
        elif kind == "Map":
            self.planned = 0
            self._work_on_items()
        elif kind == "Succeed":
            self._leave(self.input)
        elif kind == "Fail":
            error, cause = (self._named(name) for name in ("Error", "Cause"))
            self._on_failure(TaskFailed(error, cause))

    def _work_on_items(self) -> None:
        data, context = self.input, self.context
        items = select(self._state.get("ItemsPath", "$"), data, context)
        if not isinstance(items, list):
            raise PathError(f"{self._name} needs an array, not {items!r:.300}")
        at_once = self._state.get("MaxConcurrency", 0)
        if "MaxConcurrencyPath" in self._state:
            at_once = select(self._state["MaxConcurrencyPath"], data, context)
        selector = self._state.get("ItemSelector", self._state.get("Parameters"))

        def start(index: int) -> Branch:
            more = {"Map": {"Item": {"Index": index, "Value": items[index]}}}
            item = items[index] if selector is None else fill_in(selector, data, {**context, **more})
            processor = self._state["ItemProcessor"]
            return Branch(self._execution, processor, item, more, lambda output: run.finish(index, output), self._error)

        run = self._map = Items(len(items), at_once or len(items), start)
        self._map.begin(self.answer)

    def _payload(self) -> Any:
        if "Parameters" not in self._state:
            return self.input
        return self._evaluated(lambda: fill_in(self._state["Parameters"], self.input, self.context))

    def _named(self, name: str) -> str:
        path = self._state.get(f"{name}Path")
        return str(self._state.get(name, "")) if path is None else str(select(path, self._data, self.context))

    def _leave(self, output: Any) -> None:
        try:
            path = self._state.get("OutputPath", "$")
            output = {} if path is None else self._evaluated(lambda: select(path, output, self.context))
            self._execution.machine.carry(output)
        except TaskFailed as failure:
            self._error(failure)
            return
        if "Next" in self._state:
            self._enter(self._state["Next"], output)
        else:
            self.planned = 0
            self._on_output(output)

    def _error(self, failure: TaskFailed) -> None:
        if self._map is not None:
            for item in self._map.active.values():
                item.abandon()
            self._map.abandon()
            self._map = None
        wait = self._retriers.wait_after(failure.error, self._execution.machine.jitter)
        if wait is not None:
            self._plan(self._execution.machine.clock.now() + wait)
            return
        catcher = catcher_of(self._state.get("Catch", ()), failure.error)
        if catcher is None:
            self.planned = 0
            self._on_failure(failure)
            return
        error_output = {"Error": failure.error, "Cause": failure.cause}
        self._enter(catcher["Next"], put(catcher.get("ResultPath", "$"), self._data, error_output))

    @staticmethod
    def _evaluated(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except PathError as error:
            raise TaskFailed("States.Runtime", str(error)) from error


def iso(moment: float) -> str:
    """A time as Step Functions writes it, such as `2026-11-11T00:00:00.123Z`."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def carry(value: Any) -> Any:
    """The copy of a value that the next state gets, after JSON.

    Raises:
        TaskFailed: `States.DataLimitExceeded`, if it is too large.
    """
    text = json.dumps(value)
    if len(text) > _MAX_BYTES and len(json.dumps(value, ensure_ascii=False).encode()) > _MAX_BYTES:
        raise TaskFailed("States.DataLimitExceeded", "The state returned, or was given, more than 256 KiB")
    return json.loads(text)
