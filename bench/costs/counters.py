"""Counts that only grow, read before and after a run: EC2's, and the database's."""

from dataclasses import dataclass

from localcloud.stack import Stack

_STATUS = ("Questions", "Com_commit", "Innodb_lsn_current")


@dataclass(frozen=True)
class Counters:
    """As they stand at one moment."""

    ec2_calls: int
    statements: int
    commits: int
    redo_bytes: int

    def __sub__(self, other: "Counters") -> "Counters":
        return Counters(
            self.ec2_calls - other.ec2_calls,
            self.statements - other.statements,
            self.commits - other.commits,
            self.redo_bytes - other.redo_bytes,
        )


class Meter:
    """Tells what has been added since it was made, without the statements that it sends itself."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        first = read(stack)
        self._before = read(stack)
        self._own = self._before - first

    def read(self) -> Counters:
        """What has been added."""
        return read(self._stack) - self._before - self._own


def read(stack: Stack) -> Counters:
    """The counters now."""
    calls = sum(call.calls for call in stack.cloud.capacity.calls())
    with stack.cloud.database.admin_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN %s", (_STATUS,))
        status = {name.lower(): int(value) for name, value in cursor.fetchall()}
    statements, commits, written = (status[name.lower()] for name in _STATUS)
    return Counters(calls, statements, commits, written)
