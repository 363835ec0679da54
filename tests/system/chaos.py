"""Breaks the parts of a deployed stack at random while it works."""

import contextlib
import itertools
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable

import pymysql
from botocore.exceptions import BotoCoreError, ClientError

from localcloud import lambda_runtime
from localcloud.ec2.faults import ACTIONS, Fault, FaultKind, actions_of
from localcloud.ec2.zones import region_of
from localcloud.stack import OWNER_TAG, Stack
from tests.agreement import Key

FUNCTIONS = ("LoadTargets", "FindShortfalls", "ReserveCapacity", "RecordResults")
MAX_TARGET = 12
_SECONDS_BETWEEN = 0.25
_SECONDS_OF = {
    FaultKind.STALE_DESCRIBE: 20,
    FaultKind.PENDING: 60,
    FaultKind.LATE: 30,
    FaultKind.HANGS: 30,
    FaultKind.ADJUSTING: 60,
}
_THEN_OF = {FaultKind.PENDING: ["active", "failed"], FaultKind.ADJUSTING: ["applied", "rejected"]}


class Chaos:
    """Acts in a thread of its own within the `with` block.

    Args:
        stack: the deployed stack.
        keys: the targets, whose rows are there; they are only ever raised, so that what is held can be told right.
        seed: of all choices; what they hit depends on the moment as well.
    """

    def __init__(self, stack: Stack, keys: list[Key], seed: int) -> None:
        self._stack, self._keys = stack, keys
        self._dice = random.Random(seed)
        self._kinds = itertools.cycle(FaultKind)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="chaos")
        self.done: Counter[str] = Counter()
        """What was done, by name."""
        self.problems: list[BaseException] = []

    def __enter__(self) -> "Chaos":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[object, ...], ...]:
        """Runs one statement as the database's administrator, whose password is not rotated; again if it restarts."""
        for _ in range(200):
            try:
                database = self._stack.cloud.database
                with database.admin_connection(database="odcr_db", autocommit=True) as one, one.cursor() as cursor:
                    cursor.execute(statement, arguments or None)
                    return tuple(cursor.fetchall())
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError):
                time.sleep(0.05)
        raise TimeoutError(f"The database did not come back for: {statement}")

    def _go_on(self) -> None:
        acts: dict[Callable[[], None], int] = {
            self._kill: 12,
            self._inject: 8,
            self._move_the_pool: 5,
            self._raise_a_target: 2,
            self._cancel_a_reservation: 3,
            self._rotate_the_secret: 2,
            self._restart_the_database: 1,
            self._stop_a_run: 2,
        }
        try:
            while not self._over.wait(self._dice.uniform(0, 2 * _SECONDS_BETWEEN)):
                self._dice.choices(list(acts), list(acts.values()))[0]()
        except BaseException as problem:  # noqa: BLE001 - the test has to tell what happened in this thread
            self.problems.append(problem)

    def _kill(self) -> None:
        # A function runs for some milliseconds only: wait for one.
        function = self._dice.choice(FUNCTIONS)
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if killed := lambda_runtime.kill_running(f"{self._stack.name}-{function}"):
                self.done[f"{function} killed"] += len(killed)
                return
            time.sleep(0.002)

    def _inject(self) -> None:
        kind = next(self._kinds)
        action = self._dice.choice([each for each in actions_of(kind) if each in ACTIONS])
        seconds = _SECONDS_OF.get(kind)
        then = self._dice.choice(_THEN_OF[kind]) if kind in _THEN_OF else None
        times = self._dice.randint(1, 3)
        self._stack.cloud.capacity.inject(Fault(action, kind, times=times, seconds=seconds, lasts=300, then=then))
        self.done["faults set"] += 1

    def _move_the_pool(self) -> None:
        self._stack.cloud.capacity.set_free(*self._dice.choice(self._keys), self._dice.randint(0, 8))
        self.done["pools changed"] += 1

    def _raise_a_target(self) -> None:
        self.sql(
            "UPDATE odcr_capacity SET Target_Capacity = LEAST(Target_Capacity + 1, %s) "
            "WHERE InstanceType = %s AND AvailabilityZone = %s",
            MAX_TARGET,
            *self._dice.choice(self._keys),
        )
        self.done["targets raised"] += 1

    def _cancel_a_reservation(self) -> None:
        instance_type, zone = self._dice.choice(self._keys)
        ec2 = self._stack.client("ec2", region_of(zone))
        tagged = {"Name": f"tag:{OWNER_TAG}", "Values": [f"{self._stack.name}/{self._stack.cloud.region}"]}
        kind = {"Name": "instance-type", "Values": [instance_type]}
        # The person in the console has to live with EC2's faults as well.
        with contextlib.suppress(ClientError, BotoCoreError):
            for one in ec2.describe_capacity_reservations(Filters=[tagged, kind])["CapacityReservations"]:
                if one["State"] == "active" and one["AvailabilityZone"] == zone:
                    ec2.cancel_capacity_reservation(CapacityReservationId=one["CapacityReservationId"])
                    self.done["reservations cancelled"] += 1

    def _rotate_the_secret(self) -> None:
        manager, arn = self._stack.client("secretsmanager"), self._stack.outputs["DatabaseSecretArn"]
        login = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
        login["password"] = secrets.token_urlsafe(16)

        def change_database() -> None:
            with contextlib.suppress(RuntimeError):
                self._stack.cloud.database.set_password(login["username"], login["password"])

        steps: list[Callable[[], object]] = [
            change_database,
            lambda: manager.put_secret_value(SecretId=arn, SecretString=json.dumps(login)),
        ]
        self._dice.shuffle(steps)
        steps[0]()
        # In between the secret and the database differ.
        time.sleep(self._dice.uniform(0, 0.3))
        steps[1]()
        self.done["secret rotated"] += 1

    def _stop_a_run(self) -> None:
        """A person stops a run, which so leaves its lease behind."""
        machines, machine = self._stack.client("stepfunctions"), self._stack.outputs["StateMachineArn"]
        running = machines.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        for execution in running[:1]:
            machines.stop_execution(executionArn=execution["executionArn"])
            self.done["run stopped"] += 1

    def _restart_the_database(self) -> None:
        self._stack.cloud.database.restart()
        self.done["database restarted"] += 1
