"""Older tables are brought to this version, whatever dies meanwhile, and their rows stay."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pymysql
import pytest

from localcloud.database.server import DatabaseServer
from odcr.domain.outbox import Stream
from odcr.domain.target import TargetKey
from odcr.gateways import database_user, schema
from odcr.gateways.database import DatabaseUnavailable
from odcr.gateways.database_user import DatabaseNotPrepared
from odcr.gateways.outbox import next_to_send, put_in_outbox
from odcr.gateways.schema import TABLES, VERSION
from odcr.gateways.schema_versions import TablesOutdated, TablesTooNew
from odcr.gateways.target_tables import read_targets
from prepare_database import handler
from tests.integration.bad_input.product import Context

from . import version_0
from .conftest import DATABASE, PASSWORDS, Secrets, in_grants

STATEMENTS = 6
"""What the update from version 0 takes: four tables are altered, the version's is made, and the version recorded."""

NARROWED = (
    "ALTER TABLE odcr_status DROP PRIMARY KEY, ADD PRIMARY KEY (InstanceType, AvailabilityZone), "
    "MODIFY Target_Capacity int NULL, MODIFY Reserved int NOT NULL, MODIFY Announced_Reserved int NULL, "
    "MODIFY Announced_Target int NULL",
    "ALTER TABLE odcr_history DROP PRIMARY KEY, ADD PRIMARY KEY (Execution, InstanceType, AvailabilityZone), "
    "MODIFY Target_Capacity int NULL, MODIFY Reserved int NOT NULL, MODIFY Acquired int NOT NULL, "
    "MODIFY Lost int NOT NULL",
)
"""The keys and types of version 1."""


def prepare() -> None:
    handler({"Execution": "run-1"}, Context())


class Person:
    """Somebody who may do everything.

    Args:
        server: where.
    """

    def __init__(self, server: DatabaseServer) -> None:
        self._connection = server.admin_connection(database=DATABASE)

    def sql(self, *statements: str) -> tuple[tuple[Any, ...], ...]:
        """What the last of the statements answers."""
        with self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return tuple(cursor.fetchall())

    def columns(self, table: str) -> dict[str, tuple[Any, ...]]:
        """The columns of a table by their names: type, NULL, key, default."""
        return {name: tuple(rest) for name, *rest in self.sql(f"SHOW COLUMNS FROM {table}")}

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()


@pytest.fixture
def person(prepared: Secrets, server: DatabaseServer) -> Iterator[Person]:  # noqa: ARG001 - there has to be a database
    with closing(Person(server)) as person:
        yield person


@pytest.fixture
def old(person: Person) -> Person:
    """Somebody whose database has the tables of version 0, with rows."""
    person.sql(*version_0.TABLES, *version_0.ROWS)
    return person


def rows(person: Person) -> dict[str, tuple[tuple[Any, ...], ...]]:
    """What version 0 knew, by table."""
    columns = {
        "odcr_capacity": "*",
        "odcr_option": "InstanceType, AvailabilityZone, Platform, Tenancy, Match_Criteria, End_Date",
        "odcr_status": "InstanceType, AvailabilityZone, Status, Since, Short_Since, Target_Capacity, Reserved, Reason, "
        "Reservation_Ids, Duplicate_Ids, Last_Tried, Execution",
        "odcr_history": "Execution, InstanceType, AvailabilityZone, Recorded, Previous_Status, Status, Short_Since, "
        "Target_Capacity, Reserved, Acquired, Lost, Calls, Reason",
        "odcr_lease": "*",
        "odcr_outbox": "Id, Execution, Recorded, Subject, Message, Dropped",
    }
    return {table: person.sql(f"SELECT {names} FROM {table}") for table, names in columns.items()}


def assert_up_to_date(person: Person, transaction: Any) -> None:
    """The tables are as a new database has them, but for the order of the columns."""
    with transaction():
        assert person.sql("SELECT Version FROM odcr_version") == ((VERSION,),)
    updated = {table: person.columns(table) for table in TABLES}
    person.sql(*(f"DROP TABLE {table}" for table in TABLES))
    with transaction():
        assert {table: person.columns(table) for table in TABLES} == updated


def test_new_database_has_the_current_version(person: Person, transaction: Any) -> None:
    with transaction():
        pass
    assert person.sql("SELECT Version FROM odcr_version") == ((VERSION,),)


def test_hand_made_odcr_capacity_fits_every_version(person: Person, transaction: Any) -> None:
    person.sql(version_0.TABLES[0], version_0.ROWS[0])
    with transaction() as cursor:
        assert len(read_targets(cursor)[0]) == 2


@pytest.mark.parametrize("dies_after", range(1, len(TABLES) + 1))
def test_dead_first_run_of_a_new_database_is_completed(
    person: Person, transaction: Any, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    dying_after(monkeypatch, dies_after, "CREATE")
    with pytest.raises(ZeroDivisionError), transaction():
        pass
    monkeypatch.undo()
    set_environment(monkeypatch)
    assert_up_to_date(person, transaction)


def test_functions_user_does_not_touch_older_tables(old: Person, transaction: Any) -> None:
    before = rows(old)
    with pytest.raises(TablesOutdated, match=rf"version 0 .* version {VERSION}"), transaction():
        pass
    assert rows(old) == before
    assert old.sql("SHOW TABLES LIKE 'odcr_version'") == ()


def test_older_tables_are_updated_and_keep_their_rows(old: Person, transaction: Any, caplog: Any) -> None:
    before = rows(old)
    prepare()
    assert rows(old) == before
    with transaction() as cursor:
        targets, rejected = read_targets(cursor)
    assert [target.key for target in targets] == [
        TargetKey("m5.large", "us-east-1a"),
        TargetKey("r5b.2xlarge", "ap-northeast-1c"),
    ]
    assert rejected == []
    assert targets[1].last_ids == ("cr-1",)
    (logged,) = [vars(one) for one in caplog.records if one.message == "Database prepared"]
    assert len(logged["statements"]) == STATEMENTS
    assert_up_to_date(old, transaction)


@pytest.mark.parametrize("version", range(1, VERSION))
def test_tables_of_each_earlier_version_are_updated(person: Person, transaction: Any, version: int) -> None:
    with transaction():
        pass
    person.sql(*NARROWED)
    for later in range(version + 1, VERSION + 1):
        for table, columns in schema.ADDED[later].items():
            person.sql(f"ALTER TABLE {table} {', '.join(f'DROP {name}' for name in columns)}")
    person.sql(f"UPDATE odcr_version SET Version = {version}")
    with pytest.raises(TablesOutdated), transaction():
        pass
    prepare()
    assert person.sql("SELECT Version FROM odcr_version ORDER BY Version") == ((version,), (VERSION,))
    person.sql(f"DELETE FROM odcr_version WHERE Version = {version}")
    assert_up_to_date(person, transaction)


def test_waiting_mail_of_version_1_is_sent(person: Person, transaction: Any) -> None:
    with transaction() as cursor:
        put_in_outbox(cursor, "run-1", [{"Subject": "S", "Message": "refused"}], events=[])
    person.sql("ALTER TABLE odcr_outbox DROP Events", "UPDATE odcr_version SET Version = 1")
    with pytest.raises(TablesOutdated), transaction():
        pass
    prepare()
    with transaction() as cursor:
        (mail,) = next_to_send(cursor, with_events=True)
    assert (mail.message, mail.stream) == ("refused", Stream.MAILS)


def keys(person: Person, table: str) -> dict[str, list[str]]:
    """The columns of each key that tells rows apart."""
    found: dict[str, list[str]] = {}
    for _, is_not_unique, name, _, column, *_ in person.sql(f"SHOW INDEX FROM {table}"):
        if not is_not_unique:
            found.setdefault(name, []).append(column)
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("", {"PRIMARY": ["InstanceType", "AvailabilityZone", "Group_Name"]}),
        ("DROP PRIMARY KEY", {}),
        (
            "DROP PRIMARY KEY, ADD UNIQUE KEY pool (AvailabilityZone, InstanceType(100))",
            {"pool": ["AvailabilityZone", "InstanceType", "Group_Name"]},
        ),
        (
            "DROP PRIMARY KEY, ADD Id int AUTO_INCREMENT PRIMARY KEY, ADD UNIQUE pool (InstanceType, AvailabilityZone)",
            {"PRIMARY": ["Id"], "pool": ["InstanceType", "AvailabilityZone", "Group_Name"]},
        ),
    ],
    ids=["as made", "no key", "a key of another kind", "a key beside another"],
)
def test_updated_keys_distinguish_a_group_s_pool_from_a_row(
    old: Person, transaction: Any, change: str, expected: dict[str, list[str]]
) -> None:
    if change:
        old.sql(f"ALTER TABLE odcr_status {change}")
    before = rows(old)
    prepare()
    assert (rows(old), keys(old, "odcr_status")) == (before, expected)
    prepare()
    with transaction() as cursor:
        assert len(read_targets(cursor)[0]) == 2


def test_column_with_another_type_stays_as_it_is(old: Person, transaction: Any) -> None:
    old.sql("ALTER TABLE odcr_status MODIFY Reserved varchar(20) NOT NULL")
    prepare()
    assert old.columns("odcr_status")["Reserved"][0] == "varchar(20)"
    with transaction() as cursor:
        assert [target.last_reserved for target in read_targets(cursor)[0]] == [2, 11]


def test_update_does_not_change_the_user(old: Person) -> None:
    """Setting the password again in the midst of a rotation would undo it."""
    (before,) = old.sql("SELECT authentication_string FROM mysql.user WHERE User = 'odcr'")
    prepare()
    assert old.sql("SELECT authentication_string FROM mysql.user WHERE User = 'odcr'") == (before,)


def test_a_refused_login_and_older_tables_are_repaired_at_once(
    old: Person, server: DatabaseServer, transaction: Any
) -> None:
    server.set_password("odcr", "somebody-changed-it")
    prepare()
    assert_up_to_date(old, transaction)


def dying_after(monkeypatch: pytest.MonkeyPatch, count: int, *beginnings: str) -> list[str]:
    """The function dies right after so many statements that begin so; the statements."""
    real = pymysql.cursors.Cursor.execute
    seen: list[str] = []

    def execute(self: Any, query: str, args: Any = None) -> int:
        result = real(self, query, args)
        if query.lstrip().startswith(beginnings):
            seen.append(query)
            if len(seen) == count:
                raise ZeroDivisionError
        return result

    monkeypatch.setattr(pymysql.cursors.Cursor, "execute", execute)
    return seen


def set_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_SECRET_ARN", "arn:secret")


@pytest.mark.parametrize("dies_after", range(1, STATEMENTS + 1))
def test_next_update_completes_a_dead_one(
    old: Person, transaction: Any, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    before = rows(old)
    with monkeypatch.context() as dying:
        seen = dying_after(dying, dies_after, "ALTER", "CREATE TABLE", "INSERT IGNORE")
        with pytest.raises(ZeroDivisionError):
            prepare()
    assert len(seen) == dies_after
    with pytest.raises(TablesOutdated), transaction():
        pass
    prepare()
    assert rows(old) == before
    prepare()
    assert_up_to_date(old, transaction)


def test_update_survives_a_lost_answer_to_each_statement(
    old: Person, transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(STATEMENTS):
        with monkeypatch.context() as dying:
            dying_after(dying, 1, "ALTER", "CREATE TABLE", "INSERT IGNORE")
            with pytest.raises(ZeroDivisionError):
                prepare()
    prepare()
    assert_up_to_date(old, transaction)


def test_without_an_administrator_the_error_has_the_exact_sql(
    old: Person, transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_ADMIN_SECRET_ARN")
    old.sql("ALTER TABLE odcr_status ADD Dry_Since datetime NULL")
    before = rows(old)
    with pytest.raises(DatabaseNotPrepared, match="ALTER command denied") as caught:
        prepare()
    assert [password for password in PASSWORDS if password in str(caught.value)] == []
    *statements, end = str(caught.value).split("run: ")[1].split("; ")
    old.sql(*statements, end.removesuffix(";"))
    assert rows(old) == before
    assert_up_to_date(old, transaction)


def test_user_with_alter_needs_no_administrator(
    old: Person, server: DatabaseServer, transaction: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_ADMIN_SECRET_ARN")
    with closing(server.admin_connection()) as connection, connection.cursor() as cursor:
        cursor.execute(f"GRANT ALTER ON {in_grants(server)}.* TO odcr@'%'")
    prepare()
    assert_up_to_date(old, transaction)


def test_an_administrator_who_is_refused_is_told(old: Person, prepared: Secrets) -> None:
    prepared.administrator["password"] = "not-the-password"
    told = f"'chief' could not bring the tables to version {VERSION}: Access denied"
    with pytest.raises(DatabaseNotPrepared, match=told):
        prepare()
    assert old.sql("SHOW TABLES LIKE 'odcr_version'") == ()


def test_newer_tables_are_not_touched(person: Person, transaction: Any) -> None:
    with transaction():
        pass
    person.sql(f"INSERT INTO odcr_version VALUES ({VERSION + 1}, UTC_TIMESTAMP())", "DROP TABLE odcr_outbox")
    told = rf"version {VERSION + 1} .* version {VERSION}.*Deploy the newer odcr again"
    for use in (lambda: transaction().__enter__(), prepare):
        with pytest.raises(TablesTooNew, match=told):
            use()
    assert person.sql("SHOW TABLES LIKE 'odcr_outbox'") == ()
    assert person.sql("SELECT MAX(Version) FROM odcr_version") == ((VERSION + 1,),)


def test_refused_login_is_repaired_even_with_newer_tables(
    person: Person, server: DatabaseServer, transaction: Any
) -> None:
    with transaction():
        pass
    person.sql(f"INSERT INTO odcr_version VALUES ({VERSION + 1}, UTC_TIMESTAMP())")
    server.set_password("odcr", "somebody-changed-it")
    prepare()
    with pytest.raises(TablesTooNew), transaction():
        pass


def test_renamed_table_is_created_again_in_this_version(person: Person, transaction: Any) -> None:
    with transaction():
        pass
    person.sql("RENAME TABLE odcr_status TO odcr_status_old")
    with transaction():
        assert "Dry_Since" in person.columns("odcr_status")


def test_missing_version_is_recorded_again(person: Person, transaction: Any) -> None:
    with transaction():
        pass
    person.sql("DROP TABLE odcr_version")
    with pytest.raises(TablesOutdated), transaction():
        pass
    prepare()
    assert_up_to_date(person, transaction)


def test_view_instead_of_a_table_does_not_stop_the_update_of_others(old: Person, transaction: Any) -> None:
    old.sql("RENAME TABLE odcr_option TO options", "CREATE VIEW odcr_option AS SELECT * FROM options")
    prepare()
    with transaction() as cursor:
        assert len(read_targets(cursor)[0]) == 2
    assert "Dry_Since" in old.columns("odcr_status")


def test_open_table_delays_only_the_update(
    old: Person, server: DatabaseServer, monkeypatch: pytest.MonkeyPatch, transaction: Any
) -> None:
    monkeypatch.setattr(database_user, "_LOCK_SECONDS", 1)
    with closing(server.admin_connection(database=DATABASE, autocommit=False)) as reader, reader.cursor() as cursor:
        cursor.execute("SELECT * FROM odcr_history")
        with pytest.raises(DatabaseUnavailable, match=r"(?i)lock wait timeout"):
            prepare()
    prepare()
    assert_up_to_date(old, transaction)


def test_checking_the_tables_does_not_fix_the_transaction_s_snapshot(person: Person, transaction: Any) -> None:
    """A run that waits for the lease has to see what the run before it wrote meanwhile."""
    with transaction():
        pass
    with transaction() as cursor:
        person.sql("INSERT INTO odcr_capacity VALUES ('m5.large', 'us-east-1a', 2, 0)")
        assert len(read_targets(cursor)[0]) == 1


def test_added_columns_match_the_tables() -> None:
    for tables in schema.ADDED.values():
        for table, columns in tables.items():
            for column in columns:
                assert f" {column} " in TABLES[table]
