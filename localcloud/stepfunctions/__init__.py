"""AWS Step Functions in cloud time, on top of moto's interpreter.

Waits are in cloud time. A TimeoutSeconds, of a task or of the state machine, is not: it limits a function's work, which
is not sped up either.
"""

import functools
import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import (
    IsTimestamp,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from localcloud.clock import Clock
from localcloud.services import Services
from localcloud.stepfunctions import ending, errors, tasks, waiting
from localcloud.stepfunctions.tasks import iso

_moto_parse = AmazonStateLanguageParser.parse
_moto_execution_details = Execution.get_start_execution_details
_moto_start_execution = StepFunctionsParserBackend.start_execution
_moto_state_input = CommonStateField._eval_state_input

_clock = Clock()
"""The local cloud's, once it is installed."""


def install(services: Services) -> None:
    """Extends moto's Step Functions in this process; from now on executions run."""
    global _clock
    _clock = services.clock
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    tasks.install(services)
    waiting.install(services.clock)
    # Errors are in the execution's history; moto also logs some kilobytes of each.
    logging.getLogger(eval_component.__name__).setLevel(logging.CRITICAL)
    for module in (json_path, result_path):
        _parse_once(module)
    for owner, name, replacement in (*ending.PATCHES, *errors.PATCHES, *tasks.PATCHES, *_PATCHES):
        setattr(owner, name, replacement)


def shutdown() -> None:
    """Aborts the running executions, so that none goes on without a cloud."""
    ending.abort_all()
    default_user_config["stepfunctions"]["execute_state_machine"] = False


def _parse_once(module: Any) -> None:
    """Caches parsed paths: moto builds the whole grammar for each, which takes most of an execution's time."""
    if not hasattr(module.parse, "cache_info"):
        module.parse = functools.cache(module.parse)


def _parse(definition: str) -> tuple[eval_component.EvalComponent, Any]:
    """AmazonStateLanguageParser.parse, which reads a definition once; the components are each execution's own."""
    tree = _syntax_tree(definition)
    return Preprocessor().visit(tree), tree


@functools.lru_cache(maxsize=16)
def _syntax_tree(definition: str) -> Any:
    _, tree = _moto_parse(definition)
    return tree


def _start_execution(self: Any, state_machine_arn: str, name: str | None = None, *args: Any, **kwargs: Any) -> Any:
    """StartExecution, whose name may be left out."""
    return _moto_start_execution(self, state_machine_arn, name or str(uuid.uuid4()), *args, **kwargs)


def _execution_details(self: Any) -> Any:
    """`$$.Execution`, with its StartTime in cloud time."""
    details: Any = _moto_execution_details(self)
    details.start_time = _now()
    return details


def _enter(self: Any, env: Environment) -> None:
    """State._eval_state_input, the first step of a state, with its EnteredTime in cloud time."""
    state: Any = env.states.context_object.context_object_data["State"]
    state["EnteredTime"] = _now()
    _moto_state_input(self, env)


def _now() -> str:
    return iso(datetime.fromtimestamp(_clock.date(), UTC))


def _timestamp(text: str) -> datetime | None:
    """IsTimestamp.string_to_timestamp, which also takes the fractions of a second that an EnteredTime has."""
    try:
        return datetime.fromisoformat(text) if text.endswith("Z") and "T" in text else None
    except ValueError:
        return None


_PATCHES: tuple[tuple[type, str, Any], ...] = (
    (AmazonStateLanguageParser, "parse", staticmethod(_parse)),
    (Execution, "get_start_execution_details", _execution_details),
    (StepFunctionsParserBackend, "start_execution", _start_execution),
    (CommonStateField, "_eval_state_input", _enter),
    (IsTimestamp, "string_to_timestamp", staticmethod(_timestamp)),
    # moto creates a component's key when it is first needed. Two Map items that first failed at the same time got two
    # keys and lost count of their repeats: they made one more than MaxAttempts allows.
    (eval_component.EvalComponent, "heap_key", property(lambda self: str(id(self)))),
)
