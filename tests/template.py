"""The template as it is written, and after the SAM transform, as CloudFormation sees it."""

import functools
from copy import deepcopy
from typing import Any

from localcloud.cloudformation.template import expand, packaged, parse
from tests.paths import TEMPLATE


@functools.cache
def written_template() -> dict[str, Any]:
    """As it is written, short forms (`!Ref`) written out; not to be changed."""
    return parse(TEMPLATE.read_text())


def expanded_template(region: str = "ap-northeast-1") -> dict[str, Any]:
    """A new copy of the whole template, for a Region."""
    expanded: dict[str, Any] = expand(deepcopy(_packaged()), {}, region)
    return expanded


@functools.cache
def _packaged() -> dict[str, Any]:
    return packaged(TEMPLATE.read_text())
