"""AWS::StepFunctions::StateMachine

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.s3.models import s3_backends
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.utilities.utils import get_partition

from localcloud.cloudformation.handler import Handler, Physical, Request, required, tags_as_dict

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


class StateMachine(Handler):
    """A state machine in the backend that executes it."""

    type_name = "AWS::StepFunctions::StateMachine"
    create_only = frozenset({"StateMachineName", "StateMachineType"})

    def create(self, request: Request) -> Physical:
        properties, name = request.properties, str(request.properties.get("StateMachineName", request.name))
        backend = _backend(request)
        if any(machine.name == name for machine in backend.state_machines):
            raise ValidationError(message=f"State Machine Already Exists: '{name}'")
        machine = backend.create_state_machine(
            name=name,
            definition=definition_of(request),
            roleArn=str(required(request, "RoleArn")),
            tags=_tags(properties),
            loggingConfiguration=_camel(properties.get("LoggingConfiguration")),
            tracingConfiguration=_camel(properties.get("TracingConfiguration")),
            sm_type=properties.get("StateMachineType", "STANDARD"),
        )
        return Physical(machine.arn, {"Arn": machine.arn, "Name": name, "StateMachineRevisionId": "INITIAL"})

    def update(self, request: Request, current: Physical) -> Physical:
        backend = _backend(request)
        backend.update_state_machine(
            current.id,
            definition=definition_of(request),
            role_arn=str(required(request, "RoleArn")),
            logging_configuration=_camel(request.properties.get("LoggingConfiguration")),
            tracing_configuration=_camel(request.properties.get("TracingConfiguration")),
        )
        backend.tagger.delete_all_tags_for_resource(current.id)
        backend.tagger.tag_resource(current.id, _tags(request.properties))
        return current

    def delete(self, request: Request, current: Physical) -> None:
        backend = _backend(request)
        for machine in [machine for machine in backend.state_machines if machine.arn == current.id]:
            for execution in machine.executions:
                if execution.status == "RUNNING":
                    execution.stop(stop_date=None, error="StateMachineDeleted", cause="The state machine was deleted")
            backend.delete_state_machine(current.id)


def definition_of(request: Request) -> str:
    """The state machine's ASL text, substitutions done.

    Raises:
        ValidationError: there is no definition, a placeholder has no substitution, or it is no valid ASL.
    """
    text = _source(request)
    substitutions = request.properties.get("DefinitionSubstitutions", {})
    for name, value in substitutions.items():
        text = text.replace("${" + name + "}", _text(value))
    if missing := sorted(set(PLACEHOLDER.findall(text))):
        raise ValidationError(message=f"DefinitionSubstitutions lacks {', '.join(missing)}")
    try:
        asl = json.loads(text)
    except ValueError as error:
        raise ValidationError(
            message=f"Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION: {error}'"
        ) from error
    if problems := list(_problems(asl, "")):
        raise ValidationError(
            message=f"Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {'; '.join(problems)}'"
        )
    return text


def _source(request: Request) -> str:
    properties = request.properties
    if "DefinitionString" in properties:
        return str(properties["DefinitionString"])
    if "Definition" in properties:
        return json.dumps(properties["Definition"])
    location = properties.get("DefinitionS3Location")
    if not location:
        raise ValidationError(message="One of Definition, DefinitionString and DefinitionS3Location is required")
    found = s3_backends[request.account_id][get_partition(request.region)].get_object(
        location["Bucket"], location["Key"], version_id=location.get("Version")
    )
    if found is None:
        raise ValidationError(message=f"Error occurred while GetObject: s3://{location['Bucket']}/{location['Key']}")
    return str(found.value.decode())


def _problems(machine: Any, path: str) -> Iterator[str]:
    """What moto's parser lets pass: transitions to states that are not there."""
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


def _backend(request: Request) -> StepFunctionsParserBackend:
    backend: StepFunctionsParserBackend = stepfunctions_parser_backends[request.account_id][request.region]
    return backend


def _tags(properties: dict[str, Any]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags_as_dict(properties).items()]


def _camel(value: Any) -> Any:
    """A template's key is the API's with a capital."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _camel(part) for key, part in value.items()}
    return [_camel(part) for part in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


HANDLERS: tuple[Handler, ...] = (StateMachine(),)
