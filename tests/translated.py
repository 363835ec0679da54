"""The template as CloudFormation sees it, after the SAM transform."""

from pathlib import Path
from typing import Any

from localcloud.cloudformation.template import packaged
from localcloud.cloudformation.transform import expand

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


def translated(region: str = "ap-northeast-1") -> dict[str, Any]:
    """The whole template, anew at each call, as it is in a Region."""
    expanded: dict[str, Any] = expand(packaged(TEMPLATE.read_text()), {}, region)
    return expanded
