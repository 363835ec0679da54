"""A state machine's definition as it is deployed: the ASL file, with the template's substitutions and defaults."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
STACK = "odcr"
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::StackName": STACK}
_FUNCTION = "AWS::Serverless::Function"
_MACHINE = "AWS::Serverless::StateMachine"
_ATTRIBUTES = {
    (_FUNCTION, "Arn"): "arn:{partition}:lambda:{region}:{account}:function:{name}",
    (_MACHINE, "Arn"): "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    (_MACHINE, "Ref"): "arn:{partition}:states:{region}:{account}:stateMachine:{name}",
    (_MACHINE, "Name"): "{name}",
    ("AWS::SNS::Topic", "Ref"): "arn:{partition}:sns:{region}:{account}:{name}",
}


@dataclass(frozen=True)
class Function:
    """A Lambda function of the template."""

    name: str
    """The logical id."""
    arn: str
    handler: str
    """`module.function`."""
    timeout: float
    """Seconds."""


class Template:
    """A SAM template with a state machine.

    Args:
        path: the template's path. The first of its state machines is played.
    """

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._template: dict[str, Any] = yaml_parse(path.read_text())
        self.machine_name = self._of_type(_MACHINE)[0]

    @property
    def machine_arn(self) -> str:
        """The deployed state machine's ARN."""
        return self._attribute(self.machine_name, "Arn")

    def definition(self) -> dict[str, Any]:
        """The state machine's definition with its substitutions.

        Raises:
            ValueError: if a substitution is missing, or its value is known only after a deployment.
        """
        properties = self._template["Resources"][self.machine_name]["Properties"]
        text = (self._folder / properties["DefinitionUri"]).read_text()
        for name, value in properties["DefinitionSubstitutions"].items():
            text = text.replace(f"${{{name}}}", str(self._value(value)))
        if "${" in text:
            raise ValueError(f"There is no substitution for {text[text.index('${') :][:40]!r}")
        definition: dict[str, Any] = json.loads(text)
        return definition

    def schedule_input(self) -> Any:
        """The input of executions that the state machine's only schedule starts."""
        (event,) = self._template["Resources"][self.machine_name]["Properties"]["Events"].values()
        return json.loads(event["Properties"].get("Input", "{}"))

    def functions(self) -> list[Function]:
        """The template's functions."""
        general = self._template.get("Globals", {}).get("Function", {})
        functions = []
        for name in self._of_type(_FUNCTION):
            properties = {**general, **self._template["Resources"][name]["Properties"]}
            arn, seconds = self._attribute(name, "Arn"), float(properties.get("Timeout", 3))
            functions.append(Function(name, arn, properties["Handler"], seconds))
        return functions

    def _of_type(self, kind: str) -> list[str]:
        return [name for name, resource in self._template["Resources"].items() if resource["Type"] == kind]

    def _value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((function, argument),) = value.items()
        if function == "Fn::GetAtt":
            return self._attribute(*(argument.split(".") if isinstance(argument, str) else argument))
        if function == "Fn::Sub" and isinstance(argument, str):
            for name, plain in _PSEUDO.items():
                argument = argument.replace(f"${{{name}}}", plain)
            return argument
        if function == "Ref" and argument in _PSEUDO:
            return _PSEUDO[argument]
        if function == "Ref" and argument in self._template["Parameters"]:
            return self._template["Parameters"][argument]["Default"]
        if function == "Ref":
            return self._attribute(argument, "Ref")
        raise ValueError(f"The stepper does not know the deployed value of {value!r}")

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self._template["Resources"][name]
        if (resource["Type"], attribute) not in _ATTRIBUTES:
            raise ValueError(f"The stepper does not know {name}.{attribute}; add {resource['Type']} to its attributes")
        properties = resource["Properties"]
        explicit_name = properties.get("FunctionName", properties.get("Name"))
        return _ATTRIBUTES[resource["Type"], attribute].format(
            partition=_PSEUDO["AWS::Partition"],
            region=REGION,
            account=ACCOUNT,
            name=self._value(explicit_name) if explicit_name else f"{STACK}-{name}",
        )
