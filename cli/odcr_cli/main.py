"""`odcr`: the options, errors and exit codes that all commands share."""

import io
import sys
import traceback
from typing import Any

import click

from odcr_cli.account import Account, Place
from odcr_cli.lazy_commands import LazyGroup
from odcr_cli.source import LiveSource, Source
from odcr_cli.trouble import Trouble

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells."""
ERROR = 2
"""The exit code when something fails, as click's for a wrong command line."""


class Context:
    """What every command gets: where to look, and how to answer.

    Args:
        place: the stack and how to reach it.
        as_json: whether to answer in JSON.
        recording: a recording to read instead of an account; empty for none.
    """

    def __init__(self, place: Place, *, as_json: bool = False, recording: str = "") -> None:
        self.place = place
        self.as_json = as_json
        self._recording = recording
        self._account: Account | None = None

    @property
    def account(self) -> Account:
        """The account to work in.

        Raises:
            Trouble: if the source is a recording, which cannot be changed.
        """
        if self._recording:
            raise Trouble("A recording can only be looked at. Leave out --recording.")
        if self._account is None:
            self._account = Account(self.place)
        return self._account

    @property
    def source(self) -> Source:
        """The account or the recording to read."""
        if self._recording:
            from odcr_cli.recording import RecordedSource

            return RecordedSource.read(self._recording)
        return LiveSource(self.account)


pass_context = click.make_pass_decorator(Context)


class _Main(LazyGroup):
    """The group of all commands. Errors print one line; --debug adds the traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses as click does, but the common options may also follow the command, as in the AWS CLI."""
        return super().parse_args(ctx, self._common_first(args))

    def _common_first(self, args: list[str]) -> list[str]:
        options = {
            name: parameter
            for parameter in self.params
            if isinstance(parameter, click.Option)
            for name in parameter.opts
        }
        first, rest, left = [], [], list(args)
        while left:
            argument = left.pop(0)
            if argument == "--":
                rest += [argument, *left]
                break
            option = options.get(argument.partition("=")[0])
            if option is None or option.is_eager:
                rest.append(argument)
                continue
            first.append(argument)
            if not option.is_flag and "=" not in argument and left:
                first.append(left.pop(0))
        return first + rest

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Trouble as trouble:
            self._tell(ctx, str(trouble))
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - any other exit code, as 1 means that something is short
            text = " ".join(f"{type(error).__name__}: {error}".split())
            self._tell(ctx, f"This is a bug in odcr: {text} Repeat the command with --debug, and report its output.")

    def _tell(self, ctx: click.Context, text: str) -> None:
        if ctx.params.get("debug"):
            traceback.print_exc()
        click.echo(f"odcr: {text}", err=True)
        ctx.exit(ERROR)


@click.group(
    cls=_Main,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "ODCR"},
    commands_in="odcr_cli.commands",
)
@click.option("--stack", default="odcr", show_default=True, show_envvar=True, help="The stack's name.")
@click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    help="The stack's Region; else as the AWS CLI finds it (AWS_REGION, the profile).",
)
@click.option("--profile", help="The profile with the credentials; else as the AWS CLI finds it (AWS_PROFILE).")
@click.option(
    "--endpoint-url", envvar="AWS_ENDPOINT_URL", help="The endpoint to use instead of AWS, e.g. a local cloud."
)
@click.option(
    "--recording", type=click.Path(exists=True, dir_okay=False), help="Read a recording instead of an account."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="odcr")
@click.pass_context
def main(
    ctx: click.Context,
    stack: str,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    recording: str | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - the group reads it where an error ends
) -> None:
    """Manages the EC2 capacity that odcr holds for you."""
    ctx.obj = Context(Place(stack, region, profile, endpoint_url), as_json=as_json, recording=recording or "")


def run() -> None:
    """Runs the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Do not fail on characters that the terminal cannot show.
            stream.reconfigure(errors="replace")
    main(prog_name="odcr", standalone_mode=True)


if __name__ == "__main__":
    # The commands import this module by name, and then its classes differ from this script's.
    from odcr_cli.main import run as run_by_name

    run_by_name()
