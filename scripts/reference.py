"""The generated parts of docs/reference: parameters, commands and the fields of events. `make docs` writes them."""

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from localcloud.cloudformation.template import parse
from odcr_cli.main import main as odcr

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"

_PLACE = re.compile(r"(?<=<!-- generated: )([a-z-]+)( -->\n).*?(?=<!-- /generated -->)", re.DOTALL)
"""`<!-- generated: NAME -->`, what was written last, `<!-- /generated -->`."""
_PAGE_NAMED = re.compile(r"docs/([\w/-]+\.md)(?:, \"([^\"]+)\")?")
_AS_IT_IS = "\b"
"""click's mark of a paragraph that is not to be wrapped."""
_SHARED_BY = 3
"""Commands from which on an option is described once for all."""

Record = tuple[str, str]
"""An option as `--help` shows it, and what it means."""


def filled(text: str) -> str:
    """A page's text with its places filled."""
    return _PLACE.sub(lambda place: f"{place[1]}{place[2]}\n{_PARTS[place[1]]().strip()}\n\n", text)


def parameters() -> str:
    """The template's parameters, by the sections in which the console asks for them."""
    template: dict[str, Any] = parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    return "\n".join(line for group in groups for line in _parameter_group(group, template["Parameters"]))


def _parameter_group(group: dict[str, Any], declared: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield f"## {group['Label']['default']}\n"
    rows = []
    for name in group["Parameters"]:
        parameter = declared[name]
        default = f"`{parameter['Default']}`" if parameter["Default"] != "" else ""
        rows.append((f"`{name}`", default, _allowed(parameter), _PAGE_NAMED.sub(_link, parameter["Description"])))
    yield _table(("parameter", "default", "allowed", "what it does"), rows)


def _allowed(parameter: dict[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    if "MinValue" in parameter:
        return f"{parameter['MinValue']} to {parameter['MaxValue']}"
    return str(parameter["ConstraintDescription"]).removeprefix("must be ")


def _link(named: re.Match[str]) -> str:
    page, section = named.groups()
    anchor = f"#{section.lower().replace(' ', '-')}" if section else ""
    return f"[{section or page.rpartition('/')[2]}](../{page}{anchor})"


def commands() -> str:
    """Every command of `odcr` with its options; an option that several share is described once."""
    found = list(_commands(odcr, "odcr"))
    counts = Counter(record for _, command, context in found for record in _records(command, context))
    shared = [record for record, count in counts.items() if count >= _SHARED_BY]
    context = odcr.make_context("odcr", [], resilient_parsing=True)
    parts = ["## Options of every command\n", _options(_records(odcr, context))]
    parts += ["## Options that several commands share\n", _options(shared)]
    for path, command, context in found:
        usage = " ".join((path, *command.collect_usage_pieces(context)))
        parts += [f"## {path}\n", f"`{usage}`: {_help(command)}\n"]
        records = list(_records(command, context))
        if own := [record for record in records if record not in shared]:
            parts.append(_options(own))
        if also := [f"`{names.split()[0]}`" for names, means in records if (names, means) in shared]:
            parts.append(f"Also takes {', '.join(also)}.\n")
    return "\n".join(parts)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command, click.Context]]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{path} {name}", command, click.Context(command, info_name=name, parent=context)
            yield from _commands(command, f"{path} {name}")
        elif command is not None:
            yield f"{path} {name}", command, click.Context(command, info_name=name, parent=context)


def _records(command: click.Command, context: click.Context) -> Iterator[Record]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None:
            yield record


def _help(command: click.Command) -> str:
    """Each paragraph on one line; one that click is not to wrap, as it is."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(command.help or ""))
    return "\n\n".join(
        f"```text\n{paragraph.removeprefix(_AS_IT_IS).strip()}\n```"
        if paragraph.startswith(_AS_IT_IS)
        else " ".join(paragraph.split())
        for paragraph in paragraphs
    )


def _options(records: Iterable[Record]) -> str:
    return "".join(f"- `{names}`: {' '.join(means.split())}\n" for names, means in records)


def event_fields() -> str:
    """The fields of all events, in the order of the schemas, and which types have them."""
    schemas = [json.loads(path.read_text()) for path in sorted((ROOT / "docs" / "events").glob("*.schema.json"))]
    fields: dict[str, tuple[list[str], list[str]]] = {}
    for schema in schemas:
        for name, field in schema["properties"].items():
            types, means = fields.setdefault(name, ([], []))
            types.append(schema["title"])
            if field["description"] not in means:
                means.append(field["description"])
    rows = [
        (f"`{name}`", "all" if len(types) == len(schemas) else ", ".join(types), " ".join(means))
        for name, (types, means) in fields.items()
    ]
    return _table(("field", "of", "means"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    escaped = [[cell.replace("\\", "\\\\").replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


_PARTS = {"parameters": parameters, "commands": commands, "event-fields": event_fields}


if __name__ == "__main__":
    for page in sorted(REFERENCE.glob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
