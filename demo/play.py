"""Plays the story on a local cloud, and checks the outcome of each scene."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import click
import pymysql

from demo import console
from demo.observer import Observer
from demo.screen import Screen
from demo.story import (
    CHECKOUT,
    DEADLINE_MINUTES,
    LAST_TABLE,
    QUOTA,
    RESERVATIONS,
    SCENES,
    STATEMENTS,
    Key,
    Scene,
)
from deployment.build import StackFailed, build
from deployment.stack import Stack
from localcloud.cloud import LocalCloud
from localcloud.commands import printing
from localcloud.commands.running import StateFolder
from odcr_cli.trouble import Trouble
from scripts.program import INTERRUPTED

SPEED = 12
"""Cloud seconds per real second: the schedule's minute lasts five seconds, and a run asks for nine at most."""

PATIENCE = 45
"""Seconds after which a scene without the expected outcome has failed."""

LOOK_SECONDS = 0.25


class NotHandled(Exception):  # noqa: N818 - says what happened
    """A target did not reach its expected state."""


def _standing(stack: Stack) -> dict[Key, tuple[int, str]]:
    rows = stack.sql(
        "SELECT c.InstanceType, c.AvailabilityZone, c.Current_Capacity, s.Status "
        "FROM odcr_capacity c JOIN odcr_status s USING (InstanceType, AvailabilityZone) WHERE s.Group_Name = ''"
    )
    groups = stack.sql("SELECT 'group', Group_Name, Reserved, Status FROM odcr_status WHERE InstanceType = ''")
    return {(type_, zone): (int(held), status) for type_, zone, held, status in (*rows, *groups)}


def _has_tables(stack: Stack) -> bool:
    """Whether the first run has created the database's user and the tables."""
    try:
        return bool(stack.sql("SHOW TABLES LIKE %s", LAST_TABLE))
    except pymysql.err.OperationalError:
        return False


def _verdict(stack: Stack) -> str:
    rows = stack.sql(
        "SELECT Verdict FROM odcr_status WHERE Group_Name = %s AND InstanceType = '' AND Verdict IS NOT NULL",
        CHECKOUT[1],
    )
    return "".join(verdict for (verdict,) in rows)


def _comes_about(what: Callable[[], bool], observer: Observer) -> bool:
    """Waits until a condition holds; False if it does not within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        observer.look()
        if what():
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _play(scene: Scene, stack: Stack, observer: Observer) -> None:
    if scene.meanwhile and not _comes_about(lambda: observer.sees_asking, observer):
        raise NotHandled("No run asks for what is missing.")
    observer.say((scene.text, "yellow"))
    scene.happen(stack)
    if not _comes_about(lambda: _standing(stack) == scene.expected, observer):
        raise NotHandled(f"Expected {scene.expected}, but the table says {_standing(stack)}.")
    if scene.verdict:
        if not _comes_about(lambda: bool(_verdict(stack)), observer) or _verdict(stack) != scene.verdict:
            raise NotHandled(f"Expected the verdict {scene.verdict}, but the table says {_verdict(stack) or 'none'}.")
        observer.say_of(CHECKOUT, f"{scene.verdict} its deadline")
    observer.look()


def _check_reservations(stack: Stack, observer: Observer) -> None:
    held: dict[tuple[str, str], list[int]] = {}
    for reservation in stack.reservations():
        if reservation["State"] == "active":
            key = (reservation["InstanceType"], reservation["AvailabilityZone"])
            held.setdefault(key, []).append(reservation["TotalInstanceCount"])
    if held != {key: [count] for key, count in RESERVATIONS.items()}:
        raise NotHandled(f"EC2 should hold {RESERVATIONS}, each in one reservation, but holds {held}.")
    if observer.overbought:
        raise NotHandled(f"More was held than asked for: {observer.overbought}.")


def _show_end(stack: Stack, screen: Screen) -> None:
    for title, query in (
        (
            "odcr_capacity",
            "SELECT InstanceType, AvailabilityZone, Target_Capacity, Current_Capacity FROM odcr_capacity",
        ),
        (
            "odcr_status",
            "SELECT InstanceType, AvailabilityZone, Status, Reserved FROM odcr_status WHERE Group_Name = ''",
        ),
        (
            f"odcr_status, the {CHECKOUT[0]} {CHECKOUT[1]}: in all, and its pools",
            "SELECT InstanceType, AvailabilityZone, Status, Reserved, Weight, Verdict FROM odcr_status "
            "WHERE Group_Name <> '' ORDER BY Group_Name, InstanceType",
        ),
    ):
        columns = query.split(" FROM ")[0].removeprefix("SELECT ").split(", ")
        screen.table(title, columns, stack.sql(query))
    reservations = [
        (
            reservation["CapacityReservationId"],
            reservation["InstanceType"],
            reservation["AvailabilityZone"],
            reservation["TotalInstanceCount"],
            reservation["State"],
        )
        for reservation in stack.reservations()
    ]
    screen.table("EC2 Capacity Reservations", ("Id", "Type", "Zone", "Instances", "State"), reservations)


def _show_how_to_look_further(stack: Stack, screen: Screen) -> None:
    cloud = stack.cloud
    executions = ("aws", "stepfunctions", "list-executions", "--state-machine-arn", stack.outputs["StateMachineArn"])
    logs = ("aws", "logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{stack.name}-ReserveCapacity")
    schema = stack.outputs["DatabaseName"]
    status = ("mysql", schema, "--execute", "SELECT * FROM odcr_status")
    clients = (executions, logs, status, ("mysql", schema))
    for line in ["", *printing.welcome(cloud.endpoint, cloud.database, clients=clients)]:
        screen.say(line)


def _deploy(cloud: LocalCloud, screen: Screen) -> Stack:
    stack = Stack(cloud)
    screen.say("Building the functions (sam build), unless nothing has changed ...")
    build()
    screen.say("Deploying template.yaml (sam deploy) ...")
    stack.deploy()
    return stack


def _play_all(stack: Stack, screen: Screen) -> None:
    observer = Observer(stack, screen)
    stack.cloud.capacity.set_vcpu_quota(stack.cloud.region, QUOTA)
    observer.say((f"EC2 allows a new account 5 vCPUs. This one asked for a quota of {QUOTA}, and got it.", "yellow"))
    if not _comes_about(lambda: _has_tables(stack), observer):
        raise NotHandled("No run has created the tables.")
    deadline = datetime.fromtimestamp(stack.cloud.clock.date(), UTC) + timedelta(minutes=DEADLINE_MINUTES)
    for statement in STATEMENTS:
        statement = statement.format(deadline=deadline)
        observer.say(("SQL", "yellow"), "  ", statement)
        stack.sql(statement)
    for scene in SCENES:
        _play(scene, stack, observer)
    _check_reservations(stack, observer)
    _show_end(stack, screen)


@click.command(
    help="Plays the demonstration on a local cloud; exits with 1 if a target does not reach its expected state."
)
@click.option(
    "--keep",
    type=bool,
    is_flag=False,
    flag_value=True,
    default=False,
    help="Leave the local cloud up afterwards, until Ctrl-C.",
)
def main(keep: bool) -> None:
    """Starts the cloud, deploys, plays every scene, and shows the result."""
    screen = Screen()
    state = StateFolder()
    try:
        with state.hold():
            code = _run(state, screen, keep)
    except (StackFailed, RuntimeError) as failure:
        screen.say((type(failure).__name__, "red"), f": {failure}")
        code = 1
    sys.exit(code)


def _run(state: StateFolder, screen: Screen, keep: bool) -> int:
    """Runs the demonstration, and returns the exit code."""

    def announce(line: str) -> None:
        screen.say(("  " + line, "dim"))

    screen.say("Starting the local cloud ...")
    try:
        with LocalCloud(speed=SPEED, announce=announce, log_file=state.log_file) as cloud:
            # For `python -m localcloud capacity` and `down`.
            state.publish(cloud.running)
            stack = _deploy(cloud, screen)
            if keep:
                screen.say(("The page: ", "bold"), console.open_page(stack))
            try:
                _play_all(stack, screen)
                screen.say(("Every target is met, and none was ever exceeded.", "green"))
                code = 0
            except NotHandled as failure:
                screen.say(("NotHandled", "red"), f": {failure}")
                code = 1
            _record(stack, screen)
            if not keep:
                screen.say("To keep the local cloud up and look around: make run KEEP=1")
                return code
            _show_how_to_look_further(stack, screen)
            _wait_for_ctrl_c()
    except KeyboardInterrupt:
        code = INTERRUPTED
    screen.say(printing.farewell(state.log_file))
    return code


def _record(stack: Stack, screen: Screen) -> None:
    try:
        command = console.keep_recording(stack)
    except Trouble as trouble:
        screen.say(f"The demonstration was not recorded. {trouble}")
        return
    screen.say("To look at the demonstration and its runs after the cloud is gone:")
    screen.say(f"  {command}")


def _wait_for_ctrl_c() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
