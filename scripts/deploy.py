"""What `make deploy` does: asks what matters, shows the account and the Region, and runs sam deploy.

All other parameters are as the template's defaults or, of a stack that exists, as they were.
"""

import os
import re
import shlex
from collections.abc import Callable
from typing import Any

import click

from scripts.in_account import run, saved
from scripts.program import program

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,47}")
_EMAIL = re.compile(r"([^@\s]+@[^@\s]+\.[^@\s]+)?")
"""As the template has it."""


def _matching(pattern: re.Pattern[str], example: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value.strip()):
            raise click.BadParameter(f"it must be like {example}")
        return value.strip()

    return check


def overrides(configured: dict[str, Any], email: str) -> list[str]:
    """The options for the template's parameters: what samconfig.toml has, and the address if one was given.

    What stands on the command line takes the place of all that samconfig.toml has.
    """
    if not email:
        return []
    known = configured.get("parameter_overrides") or []
    others = shlex.split(known) if isinstance(known, str) else [str(one) for one in known]
    return [
        "--parameter-overrides",
        *(one for one in others if not one.startswith("AlertEmail=")),
        f"AlertEmail={email}",
    ]


@click.command(help=__doc__)
def main() -> None:
    """Asks, and runs it."""
    import boto3  # it takes a moment, in which Ctrl-C must not show where the import was

    configured = saved(["deploy"])
    click.echo("Three questions; the template's defaults do the rest. docs/how-to/deploy.md has what else there is.")
    name = _matching(_STACK, "odcr, 48 characters at most")
    stack = click.prompt("Name of the stack", configured.get("stack_name", "odcr"), value_proc=name)
    named = configured.get("region") or os.environ.get("AWS_REGION")
    session = boto3.Session(profile_name=configured.get("profile"), region_name=named)
    region = click.prompt("Region", session.region_name)
    email = click.prompt(
        "Mail address for changes and alarms (empty: none, or as it was)",
        "",
        show_default=False,
        value_proc=_matching(_EMAIL, "name@example.com"),
    )
    run(["sam", "deploy", "--stack-name", stack, "--region", region, *overrides(configured, email)])


if __name__ == "__main__":
    with program():
        main(prog_name="make deploy")
