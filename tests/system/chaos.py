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

from deployment.stack import OWNER_TAG, Stack
from localcloud import lambda_runtime
from localcloud.ec2.faults import ACTIONS, Fault, FaultKind, actions_of
from localcloud.ec2.zones import region_of
from tests.agreement import Key

FUNCTIONS = ("LoadTargets", "FindShortfalls", "ReserveCapacity", "RecordResults")
MAX_TARGET = 12
LEASE_SECONDS = 180
"""The lease's duration in the state machine."""
_DEEDS = frozenset({"database restarted", "secret rotated", "run stopped"}) | {
    f"{function} killed" for function in FUNCTIONS
}
_SECONDS_BETWEEN = 0.25
_SECONDS_OF = {
    FaultKind.STALE_DESCRIBE: 20,
    FaultKind.PENDING: 60,
    # A request that is sent twice has to end within 40 seconds.
    FaultKind.LATE: 15,
    FaultKind.HANGS: 15,
    FaultKind.ADJUSTING: 60,
}
_RESULTS_OF = {FaultKind.PENDING: ["active", "failed"], FaultKind.ADJUSTING: ["applied", "rejected"]}


class Chaos:
    """Acts in threads of its own within the `with` block.

    Args:
        stack: the deployed stack.
        keys: targets with rows. They are only ever raised, so that the right number of instances is known.
        seed: the seed of all choices. What they hit also depends on timing.
    """

    def __init__(self, stack: Stack, keys: list[Key], seed: int) -> None:
        self._stack, self._keys = stack, keys
        self._dice, self._dice_of_kills = random.Random(seed), random.Random(seed)
        self._kinds = itertools.cycle(FaultKind)
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=[act], name=act.__name__)
            for act in (self._act, self._kill, self._let_the_lease_expire)
        ]
        self._is_ending = False
        self._ended_holder: tuple[str, float] = ("", 0)
        """An execution that has ended but holds the lease, and when this was first noticed."""
        self.done: Counter[str] = Counter()
        """The number of each deed, by name."""
        self.problems: list[BaseException] = []

    def __enter__(self) -> "Chaos":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def missing(self) -> set[str]:
        """Deeds that have not happened yet, and kinds of faults that have hit nothing."""
        fired = self._stack.cloud.capacity.fired()
        return (_DEEDS - set(self.done)) | {kind.value for kind in FaultKind if not fired[kind]}

    def end(self) -> None:
        """From now on, only does what is missing, and what gives it an occasion."""
        self._is_ending = True

    def settle(self) -> None:
        """After the block: ends the faults, and waits until nothing is at work and the lease is free."""
        self._stack.cloud.capacity.clear_faults()
        deadline = time.monotonic() + 120
        while self._is_at_work() or self._holder():
            self._let_the_lease_expire()
            if time.monotonic() > deadline:
                raise TimeoutError("The runs do not end")
            time.sleep(0.1)
        # Until pending and adjusted reservations have reached their final state.
        self._stack.cloud.clock.sleep(max(_SECONDS_OF.values()) + 10)

    def sql(self, statement: str, *arguments: object) -> tuple[tuple[object, ...], ...]:
        """Runs one statement as the database's administrator, whose password is not rotated; waits out restarts."""
        for _ in range(200):
            try:
                database = self._stack.cloud.database
                with database.admin_connection(database="odcr_db") as connection, connection.cursor() as cursor:
                    cursor.execute(statement, arguments or None)
                    return tuple(cursor.fetchall())
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError):
                time.sleep(0.05)
        raise TimeoutError(f"The database did not come back for: {statement}")

    def _repeat(self, act: Callable[[], None]) -> None:
        try:
            while not self._over.is_set():
                act()
        except BaseException as problem:  # noqa: BLE001 - the test reports it
            self.problems.append(problem)

    def _act(self) -> None:
        acts: dict[Callable[[], None], float] = {
            self._inject: 8,
            self._move_the_pool: 5,
            self._raise_a_target: 2,
            self._cancel_a_reservation: 3,
        }
        # Each of these costs the runs some seconds.
        deeds: dict[str, tuple[Callable[[], None], float]] = {
            "secret rotated": (self._rotate_the_secret, 1),
            "database restarted": (self._restart_the_database, 0.5),
            "run stopped": (self._stop_a_run, 0.5),
        }
        missing = self.missing() if self._is_ending else set(deeds)
        acts |= dict(act for deed, act in deeds.items() if deed in missing)
        self._dice.choices(list(acts), list(acts.values()))[0]()
        self._over.wait(self._dice.uniform(0, 2 * _SECONDS_BETWEEN))

    def _kill(self) -> None:
        functions = [name for name in FUNCTIONS if not self._is_ending or f"{name} killed" in self.missing()]
        if functions:
            # The function that buys is killed as often as the others together.
            weights = [3 if name == "ReserveCapacity" else 1 for name in functions]
            (function,) = self._dice_of_kills.choices(functions, weights)
            # A function only runs for some milliseconds, so wait until it does.
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline and not self._over.is_set():
                if killed := lambda_runtime.kill_running(f"{self._stack.name}-{function}"):
                    self.done[f"{function} killed"] += len(killed)
                    break
                time.sleep(0.002)
        self._over.wait(self._dice_of_kills.uniform(0, 1))

    def _let_the_lease_expire(self) -> None:
        """Lets the lease of a run that has ended expire in cloud time, as the database's clock is not sped up.

        No function of that run may be at work by then, as on AWS, however slow this machine is.
        """
        holder = self._holder()
        if holder != self._ended_holder[0]:
            self._ended_holder = (holder, time.monotonic()) if holder and not self._is_running(holder) else ("", 0)
        seconds = (time.monotonic() - self._ended_holder[1]) * self._stack.cloud.clock.speed
        if self._ended_holder[0] and seconds > LEASE_SECONDS and not self._functions_at_work("ReserveCapacity"):
            self.sql("UPDATE odcr_lease SET Expires = UTC_TIMESTAMP() - INTERVAL 1 SECOND WHERE Holder = %s", holder)
        self._over.wait(0.25)

    def _holder(self) -> str:
        """The execution that holds the lease; empty if none does."""
        rows = self.sql("SELECT Holder FROM odcr_lease WHERE Expires > UTC_TIMESTAMP()")
        return "".join(str(holder) for (holder,) in rows)

    def _is_running(self, execution: str) -> bool:
        return execution in {arn.rpartition(":")[2] for arn in self._running()}

    def _running(self) -> list[str]:
        machines, machine = self._stack.client("stepfunctions"), self._stack.outputs["StateMachineArn"]
        running = machines.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        return [execution["executionArn"] for execution in running]

    def _functions_at_work(self, *functions: str) -> int:
        return sum(lambda_runtime.running(f"{self._stack.name}-{function}") for function in functions)

    def _is_at_work(self) -> bool:
        return bool(self._running() or self._functions_at_work(*FUNCTIONS))

    def _inject(self) -> None:
        kind = next(self._kinds)
        if self._is_ending:
            left = [kind for kind in FaultKind if kind.value in self.missing()]
            if not left:
                return
            kind = self._dice.choice(left)
            # Faults that were set before would come first.
            self._stack.cloud.capacity.clear_faults()
        action = self._dice.choice([action for action in actions_of(kind) if action in ACTIONS])
        seconds = _SECONDS_OF.get(kind)
        then = self._dice.choice(_RESULTS_OF[kind]) if kind in _RESULTS_OF else None
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
        # EC2's faults hit the person in the console as well.
        with contextlib.suppress(ClientError, BotoCoreError):
            for reservation in ec2.describe_capacity_reservations(Filters=[tagged, kind])["CapacityReservations"]:
                if reservation["State"] == "active" and reservation["AvailabilityZone"] == zone:
                    ec2.cancel_capacity_reservation(CapacityReservationId=reservation["CapacityReservationId"])
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
        # Meanwhile the secret and the database differ.
        time.sleep(self._dice.uniform(0, 0.3))
        steps[1]()
        self.done["secret rotated"] += 1

    def _stop_a_run(self) -> None:
        """Stops a run as a person does. It leaves its lease behind."""
        holder = self._holder()
        for execution in self._running():
            if execution.rpartition(":")[2] == holder:
                self._stack.client("stepfunctions").stop_execution(executionArn=execution)
                self.done["run stopped"] += 1

    def _restart_the_database(self) -> None:
        self._stack.cloud.database.restart()
        self.done["database restarted"] += 1
