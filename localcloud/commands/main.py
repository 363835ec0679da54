"""Start, change and stop a local cloud, and run clients on it."""

import contextlib
import os
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click

from localcloud.clients import command as client_command
from localcloud.clients import environment as client_environment
from localcloud.clock import Clock
from localcloud.commands import printing
from localcloud.commands.printing import DEFAULT_FOLDER
from localcloud.commands.running import NotRunningError, RunningCloud, StateFolder
from localcloud.ec2.client import CapacityClient

_STOP_SECONDS = 60.0
_INSTANCE_TYPE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")
_PACKAGES = {"aws": "awscli", "mysql": "mariadb-client", "mariadb": "mariadb-client"}
# So that -1 is a number that is too low, and not an option.
_NUMBERS = {"ignore_unknown_options": True}

_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Where the commands find the running cloud.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A small AWS on this machine, for trying and testing without an account."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=4566, show_default=True, help="0 takes a free one.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="Cloud seconds in one second.")
@click.option(
    "--region", default=client_environment.DEFAULT_REGION, show_default=True, help="Of clients that name none."
)
@_folder
def up(port: int, speed: float, region: str, folder: Path) -> None:
    """Runs the local cloud until Ctrl-C or `down`."""
    try:
        Clock(speed)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--speed") from error
    state = StateFolder(folder)
    try:
        with state.hold():
            click.echo("The local cloud is starting ...")
            try:
                from localcloud.cloud import LocalCloud  # late: moto takes seconds

                with LocalCloud(port, speed, click.echo, log_file=state.log_file, region=region) as cloud:
                    state.publish(cloud.running)
                    click.echo("\n".join(printing.welcome(cloud.endpoint, cloud.database, folder)))
                    threading.Event().wait()
            except KeyboardInterrupt:
                click.echo(printing.farewell(state.log_file))
    except (RuntimeError, ValueError) as error:
        raise click.ClickException(str(error)) from error


@main.command(short_help="Sets or lists how many instances are free.", context_settings=_NUMBERS)
@click.argument("instance_type", metavar="[TYPE", required=False)
@click.argument("zone", metavar="ZONE", required=False)
@click.argument("free", metavar="FREE]", type=click.IntRange(min=0), required=False)
@_folder
def capacity(instance_type: str | None, zone: str | None, free: int | None, folder: Path) -> None:
    """Sets how many instances of TYPE are free in ZONE, e.g. r5b.2xlarge ap-northeast-1c 4. Alone, lists them."""
    if instance_type is not None and (zone is None or free is None):
        raise click.UsageError("Say all three, as in: capacity r5b.2xlarge ap-northeast-1c 4")
    if instance_type is not None and not _INSTANCE_TYPE.fullmatch(instance_type):
        raise click.UsageError(f"{instance_type!r} is not an instance type; name one such as r5b.2xlarge")
    client = CapacityClient(_running(folder).endpoint)
    with _in_sentences():
        if instance_type is None or zone is None or free is None:
            rows = [(pool.instance_type, pool.zone, pool.free) for pool in client.pools()]
            table = printing.columns(("TYPE", "ZONE", "FREE"), rows)
            nothing = "No instances are free anywhere; set some: capacity TYPE ZONE FREE"
            click.echo("\n".join(table) if rows else nothing)
            return
        before = client.free(instance_type, zone)
        client.set_free(instance_type, zone, free)
        click.echo(f"{instance_type} in {zone}: {before} free before, {free} now")


@main.command(short_help="Sets or lists the quotas of vCPUs.", context_settings=_NUMBERS)
@click.argument("name", metavar="[QUOTA", required=False)
@click.argument("vcpus", metavar="VCPUS]", type=click.IntRange(min=0), required=False)
@click.option("--region", help="The cloud's by default.")
@_folder
def quota(name: str | None, vcpus: int | None, region: str | None, folder: Path) -> None:
    """Sets how many vCPUs EC2 allows in a Region, e.g. standard 256. Alone, lists the quotas as they are."""
    if name is not None and vcpus is None:
        raise click.UsageError("Say both, as in: quota standard 256")
    cloud = _running(folder)
    client, region = CapacityClient(cloud.endpoint), region or cloud.region
    with _in_sentences():
        if name is not None:
            client.set_vcpu_quota(region, vcpus, name)
        rows = [(one.name, one.code, one.vcpus, one.used) for one in client.vcpu_quotas(region)]
        click.echo("\n".join(printing.columns(("QUOTA", "CODE", "VCPUS", "USED"), rows)))


@main.command(
    "exec",
    short_help="Runs a command that talks to the cloud and nowhere else.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_folder
def execute(command: tuple[str, ...], folder: Path) -> None:
    """Runs COMMAND so that aws, sam, boto3 and mysql in it talk to the running cloud and nowhere else.

    As in: exec -- aws ec2 describe-capacity-reservations. Your settings, profiles and proxies do not count in it.
    """
    cloud = _running(folder)
    environment = client_environment.applied(os.environ, cloud.endpoint, cloud.region)
    # The SAM CLI is installed beside this Python.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    arguments = client_command.isolated(command, cloud.endpoint, Path(cloud.client_folder))
    try:
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606 - the person's own command
    except OSError as error:
        package = _PACKAGES.get(arguments[0])
        hint = f"; install it, for example with: apt-get install {package}" if package else ""
        raise click.ClickException(f"{arguments[0]} cannot be run ({error.strerror}){hint}") from error


@main.command()
@_folder
def down(folder: Path) -> None:
    """Stops the running cloud and waits until it is gone."""
    try:
        gone = StateFolder(folder).stop(_STOP_SECONDS)
    except NotRunningError as error:
        click.echo(str(error))
        return
    if not gone:
        raise click.ClickException(f"The local cloud has not stopped within {_STOP_SECONDS:.0f} seconds; try again")
    click.echo("The local cloud has stopped.")


def _running(folder: Path) -> RunningCloud:
    try:
        return StateFolder(folder).read()
    except NotRunningError as error:
        raise click.ClickException(str(error)) from error


@contextlib.contextmanager
def _in_sentences() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except (RuntimeError, ConnectionError, TimeoutError) as error:
        raise click.ClickException(f"The local cloud does not answer: {error}") from error
