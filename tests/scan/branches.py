"""Renders a template without conditions, so that checkov sees every branch of each `Fn::If`.

By itself, checkov decides conditions by the parameters' defaults, and never sees the other branches.
"""

from collections.abc import Iterator
from typing import Any

Truth = dict[str, bool]
"""Conditions by name, each true or false."""

NO_VALUE = {"Ref": "AWS::NoValue"}


def renderings(template: dict[str, Any]) -> list[dict[str, Any]]:
    """As few templates as together show each branch.

    Each has all resources, even those that exclude each other.

    Args:
        template: the expanded template, which stays as it is.
    """
    truths: list[Truth] = []
    for wanted in _branches(template["Resources"], {}):
        for truth in truths:
            if all(truth.get(name, value) == value for name, value in wanted.items()):
                truth.update(wanted)
                break
        else:
            truths.append(dict(wanted))
    return [_rendered(template, truth) for truth in truths or [{}]]


def _branches(node: Any, outer: Truth) -> Iterator[Truth]:
    """The conditions for each branch."""
    if isinstance(node, list):
        for item in node:
            yield from _branches(item, outer)
    elif isinstance(node, dict) and "Fn::If" in node:
        name, *branches = node["Fn::If"]
        for value, branch in zip((True, False), branches, strict=True):
            if outer.get(name, value) == value:
                yield {**outer, name: value}
                yield from _branches(branch, {**outer, name: value})
    elif isinstance(node, dict):
        for item in node.values():
            yield from _branches(item, outer)


def _rendered(template: dict[str, Any], truth: Truth) -> dict[str, Any]:
    sections = {name: content for name, content in template.items() if name not in {"Conditions", "Outputs", "Rules"}}
    resources = {
        name: {attribute: chosen(content, truth) for attribute, content in resource.items() if attribute != "Condition"}
        for name, resource in template["Resources"].items()
    }
    return {**sections, "Resources": resources}


def chosen(node: Any, truth: Truth) -> Any:
    """A part of a template with each `Fn::If` decided; a condition that is not in `truth` is true."""
    if isinstance(node, list):
        return [item for item in (chosen(item, truth) for item in node) if item != NO_VALUE]
    if not isinstance(node, dict):
        return node
    if "Fn::If" in node:
        name, yes, no = node["Fn::If"]
        return chosen(yes if truth.get(name, True) else no, truth)
    decided = {name: chosen(item, truth) for name, item in node.items()}
    return {name: item for name, item in decided.items() if item != NO_VALUE}
