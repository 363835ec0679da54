"""Runs an aws or sam command. Shows the account and the Region first, and asks before it may change anything."""

import os
import re
import shlex
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

_OPTION = re.compile(r"--(?P<name>[a-z-]+)(=(?P<value>.*))?")
_READS = re.compile(r"(describe|list|get|filter|lookup|head|search|wait)(-.*)?|help|ls")
"""Names of operations that change nothing."""
_PROGRAMS = {"aws": None, "sam": ("deploy", "delete", "sync", "list", "logs")}
"""The programs, with the commands of sam that take a Region and a profile; None: all commands."""


@dataclass(frozen=True)
class Place:
    """Where a command runs."""

    account: str
    caller: str
    region: str
    endpoint: str
    profile: str | None


def option(arguments: Sequence[str], name: str) -> str | None:
    """The value of an option, written as `--name value` or `--name=value`. The last one counts, as for aws and sam."""
    value = None
    for position, argument in enumerate(arguments):
        if (match := _OPTION.fullmatch(argument)) and match["name"] == name:
            following = arguments[position + 1] if position + 1 < len(arguments) else None
            value = match["value"] if match[2] else following
    return value


def saved_options(arguments: Sequence[str]) -> dict[str, Any]:
    """samconfig.toml's options for a sam command.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
    """
    file = Path(option(arguments, "config-file") or "samconfig.toml")
    if not file.exists():
        return {}
    environment = tomllib.loads(file.read_text(encoding="utf-8")).get(option(arguments, "config-env") or "default", {})
    both = (environment.get(command, {}).get("parameters", {}) for command in ("global", arguments[0]))
    return {name: value for parameters in both for name, value in parameters.items()}


def place(program: str, arguments: Sequence[str]) -> Place:
    """Asks STS in which account and as which caller the command would run.

    Raises:
        click.ClickException: if there is no Region or profile, or AWS does not accept the credentials.
    """
    import boto3  # slow: imported here, so that Ctrl-C meanwhile ends the program in order
    from botocore.exceptions import BotoCoreError, ClientError

    configured = saved_options(arguments) if program == "sam" else {}
    profile = option(arguments, "profile") or configured.get("profile")
    named = option(arguments, "region") or configured.get("region") or os.environ.get("AWS_REGION")
    try:
        session = boto3.Session(profile_name=profile, region_name=named)
        if session.region_name is None:
            raise click.ClickException("No Region is set. Add one, such as --region ap-northeast-1")
        sts = session.client("sts")
        caller = sts.get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"AWS does not say which account this is: {error}") from error
    return Place(caller["Account"], caller["Arn"], session.region_name, sts.meta.endpoint_url, profile)


def pinned(command: Sequence[str], where: Place) -> list[str]:
    """The command with the Region and the profile that were shown, so that it uses these."""
    program, *arguments = command
    options = ["--region", where.region] * (option(arguments, "region") is None)
    if where.profile and option(arguments, "profile") is None:
        options += ["--profile", where.profile]
    if Path(program).name == "sam":
        return [program, arguments[0], *options, *arguments[1:]]
    return [program, *options, *arguments]


def changes(command: Sequence[str]) -> bool:
    """Whether the command may change something. An unknown one may."""
    program, *words = command
    if Path(program).name == "sam":
        return words[0] not in ("list", "logs")
    return len(words) < 2 or words[0].startswith("-") or not _READS.fullmatch(words[1])  # aws SERVICE OPERATION


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    help=__doc__,
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def main(yes: bool, command: tuple[str, ...]) -> None:
    """Runs the command."""
    run(command, yes=yes)


def run(command: Sequence[str], *, yes: bool = False) -> NoReturn:
    """Shows where the command would run, asks, and replaces this process by the command.

    Args:
        command: the program and its arguments.
        yes: do not ask.

    Raises:
        click.ClickException: if there is no Region, AWS does not accept the credentials, or the answer is no.
    """
    program, *arguments = command
    name = Path(program).name
    commands = _PROGRAMS.get(name, ())
    if commands is not None and (not arguments or arguments[0] not in commands):
        raise click.UsageError(f"This runs only aws, and sam {', '.join(_PROGRAMS['sam'] or ())}")
    where = place(name, arguments)
    final = pinned(command, where)
    for title, text in (
        ("Account", f"{where.account}, as {where.caller}"),
        ("Region", where.region),
        ("STS", where.endpoint),
        ("Command", shlex.join(final)),
    ):
        click.echo(f"{title:8} {text}", err=True)
    if changes(command) and not yes and not click.confirm("Run it there?", err=True):
        raise click.ClickException("Nothing was done.")
    try:
        os.execvp(final[0], final)  # noqa: S606 - the person's own command
    except OSError as error:
        raise click.ClickException(f"{final[0]} cannot be run: {error.strerror}") from error


if __name__ == "__main__":
    # Run by its path from any folder, it needs the checkout on the path.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from scripts.program import program

    with program():
        main(prog_name="scripts/in-account")
