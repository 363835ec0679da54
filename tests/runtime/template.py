"""What the template says of the functions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Function:
    """One function.

    Args:
        name: its logical id.
        handler: `module.function`.
        variables: names of the environment variables that the template sets.
    """

    name: str
    handler: str
    variables: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """A SAM template.

    Args:
        python: the version that the functions run on, such as "3.13".
        functions: all of them.
    """

    python: str
    functions: tuple[Function, ...]

    @classmethod
    def read(cls, path: Path) -> "Template":
        """Reads the file."""
        content: dict[str, Any] = yaml_parse(path.read_text())
        shared = content["Globals"]["Function"]
        functions = (
            Function(name, own["Handler"], (*_variables(shared), *_variables(own)))
            for name, resource in content["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"
            for own in [resource["Properties"]]
        )
        return cls(shared["Runtime"].removeprefix("python"), tuple(functions))


def _variables(properties: dict[str, Any]) -> list[str]:
    return list(properties.get("Environment", {}).get("Variables", {}))
