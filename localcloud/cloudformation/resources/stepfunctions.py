"""AWS::StepFunctions::StateMachine

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

import json
import re

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
        ValidationError: there is no definition, or a placeholder has no substitution.
    """
    definition = _source(request)
    for name, value in request.properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace("${" + name + "}", text(value))
    if missing := sorted(set(PLACEHOLDER.findall(definition))):
        raise ValidationError(message=f"DefinitionSubstitutions lacks {', '.join(missing)}")
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


TYPES: tuple[ResourceType, ...] = (StateMachine("AWS::StepFunctions::StateMachine"),)
