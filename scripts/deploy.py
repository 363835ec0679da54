"""Runs sam deploy for `make deploy`: asks three questions, and shows the account and the Region first.

All other parameters get the template's defaults; in an existing stack they keep their values.
"""

import os
import re
import shlex
from collections.abc import Callable
from typing import Any

import click

from scripts.in_account import run, saved_options
from scripts.program import program

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,47}")
_EMAIL = re.compile(r"([^@\s]+@[^@\s]+\.[^@\s]+)?")
"""The template's pattern of AlertEmail."""


def _matching(pattern: re.Pattern[str], example: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value.strip()):
            raise click.BadParameter(f"Enter something like {example}.")
        return value.strip()

    return check


def overrides(configured: dict[str, Any], email: str) -> list[str]:
    """The options for the template's parameters: those of samconfig.toml, and the mail address if there is one.

    Overrides on the command line replace all of samconfig.toml's, so they are repeated.
    """
    if not email:
        return []
    known = configured.get("parameter_overrides") or []
    others = shlex.split(known) if isinstance(known, str) else [str(override) for override in known]
    return [
        "--parameter-overrides",
        *(override for override in others if not override.startswith("AlertEmail=")),
        f"AlertEmail={email}",
    ]


@click.command(help=__doc__)
def main() -> None:
    """Asks the questions, and runs sam deploy."""
    import boto3  # slow: imported here, so that Ctrl-C meanwhile ends the program in order

    configured = saved_options(["deploy"])
    click.echo("Three questions. All else has defaults, which docs/how-to/deploy.md explains.")
    name = _matching(_STACK, "odcr, with at most 48 characters")
    stack = click.prompt("Name of the stack", configured.get("stack_name", "odcr"), value_proc=name)
    named = configured.get("region") or os.environ.get("AWS_REGION")
    session = boto3.Session(profile_name=configured.get("profile"), region_name=named)
    region = click.prompt("Region", session.region_name)
    email = click.prompt(
        "Mail address for changes and alarms (empty: no address, or no change)",
        "",
        show_default=False,
        value_proc=_matching(_EMAIL, "name@example.com"),
    )
    run(["sam", "deploy", "--stack-name", stack, "--region", region, *overrides(configured, email)])


if __name__ == "__main__":
    with program():
        main(prog_name="make deploy")
