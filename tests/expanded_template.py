"""The template after the SAM transform, as CloudFormation sees it."""

from typing import Any

from localcloud.cloudformation.template import expand, packaged
from tests.paths import TEMPLATE


def expanded_template(region: str = "ap-northeast-1") -> dict[str, Any]:
    """A new copy of the whole template, for a Region."""
    expanded: dict[str, Any] = expand(packaged(TEMPLATE.read_text()), {}, region)
    return expanded
