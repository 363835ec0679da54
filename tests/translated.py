"""The template as CloudFormation sees it, after the SAM transform."""

from pathlib import Path
from typing import Any

from localcloud.cloudformation.template import packaged
from localcloud.cloudformation.transform import expand

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


def translated() -> dict[str, Any]:
    """The whole template, anew at each call."""
    expanded: dict[str, Any] = expand(packaged(TEMPLATE.read_text()), {}, "ap-northeast-1")
    return expanded
