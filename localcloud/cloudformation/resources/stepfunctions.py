"""AWS::StepFunctions::StateMachine

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from localcloud.cloudformation.resource_type import Physical, Request, ResourceType
from localcloud.cloudformation.template import text

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


class StateMachine(ResourceType):
    """A state machine that executes."""

    def create(self, request: Request) -> Physical:
        name = request.properties.get("StateMachineName", request.name)
        properties = {**request.properties, "Name": name, "Definition": definition_of(request)}
        arn = request.call("stepfunctions.CreateStateMachine", **properties)["stateMachineArn"]
        return Physical(arn, {"Arn": arn, "Name": name})

    def can_update(self, changed: frozenset[str]) -> bool:
        return not changed & {"StateMachineName", "StateMachineType"}

    def update(self, request: Request, current: Physical) -> Physical:
        properties = {**request.properties, "StateMachineArn": current.id, "Definition": definition_of(request)}
        request.call("stepfunctions.UpdateStateMachine", **properties)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        machine = {"StateMachineArn": current.id}
        for one in request.call("stepfunctions.ListExecutions", **machine, StatusFilter="RUNNING")["executions"]:
            cause = {"Error": "StateMachineDeleted", "Cause": "The state machine was deleted"}
            request.call("stepfunctions.StopExecution", ExecutionArn=one["executionArn"], **cause)
        request.call("stepfunctions.DeleteStateMachine", **machine)


def definition_of(request: Request) -> str:
    """The state machine's ASL text, substitutions done.

    Raises:
        ValidationError: there is no definition, a placeholder has no substitution, or it is no valid ASL.
    """
    definition = _source(request)
    for name, value in request.properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + name + "}", text(value))
    if missing := sorted(set(PLACEHOLDER.findall(definition))):
        raise ValidationError(message=f"DefinitionSubstitutions lacks {', '.join(missing)}")
    try:
        problems = [f"SCHEMA_VALIDATION_FAILED: {problem}" for problem in _problems(json.loads(definition), "")]
    except ValueError as error:
        problems = [f"INVALID_JSON_DESCRIPTION: {error}"]
    if problems:
        raise ValidationError(message=f"Invalid State Machine Definition: '{'; '.join(problems)}'")
    return definition


def _source(request: Request) -> str:
    properties = request.properties
    if "DefinitionString" in properties:
        return str(properties["DefinitionString"])
    if "Definition" in properties:
        return json.dumps(properties["Definition"])
    if "DefinitionS3Location" not in properties:
        raise ValidationError(message="One of Definition, DefinitionString and DefinitionS3Location is required")
    where = properties["DefinitionS3Location"]
    return str(request.call("s3.GetObject", **where, VersionId=where.get("Version"))["Body"].read().decode())


def _problems(machine: Any, path: str) -> Iterator[str]:
    """What moto's parser lets pass: transitions to states that do not exist."""
    states = machine.get("States", {}) if isinstance(machine, dict) else {}
    if not states:
        yield f"{path or '/'} has no States"
        return
    if machine.get("StartAt") not in states:
        yield f"{path}/StartAt names {machine.get('StartAt')}, which is no state"
    for name, state in states.items():
        here = f"{path}/States/{name}"
        targets = [state.get("Next"), state.get("Default")]
        targets += [rule.get("Next") for rule in [*state.get("Choices", []), *state.get("Catch", [])]]
        yield from (
            f"{here} leads to {target}, which is no state" for target in targets if target and target not in states
        )
        for inner in (state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])):
            if inner is not None:
                yield from _problems(inner, here)


TYPES: tuple[ResourceType, ...] = (StateMachine("AWS::StepFunctions::StateMachine"),)
