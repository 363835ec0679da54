"""The template after the SAM transform, as CloudFormation sees it."""

from pathlib import Path
from typing import Any

from localcloud.cloudformation.template import expand, packaged

TEMPLATE = Path(__file__).parents[1] / "template.yaml"


def translated(region: str = "ap-northeast-1") -> dict[str, Any]:
    """A new copy of the whole translated template, for a Region."""
    expanded: dict[str, Any] = expand(packaged(TEMPLATE.read_text()), {}, region)
    return expanded
