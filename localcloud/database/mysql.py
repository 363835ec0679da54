"""A MySQL set up as Amazon sets up Aurora MySQL 3, as far as a community server can be."""

from pathlib import Path
from typing import Any, Final

from localcloud.database import debian
from localcloud.database.program import DatabaseMissingError, ServerProgram
from localcloud.database.server import DatabaseServer
from localcloud.kept import kept

ROLE: Final = "rds_superuser_role"
FOLDER = Path(__file__).parents[2] / ".mysql"
"""Where it is unpacked, beside this package."""

# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html, and what Aurora 3.09
# adds. From MySQL 8.2 on SET_USER_ID is SET_ANY_DEFINER and ALLOW_NONEXISTENT_DEFINER.
_RIGHTS: Final = """
    ALTER, ALTER ROUTINE, CREATE, CREATE ROLE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE USER, CREATE VIEW,
    DELETE, DROP, DROP ROLE, EVENT, EXECUTE, INDEX, INSERT, LOCK TABLES, PROCESS, REFERENCES, RELOAD,
    REPLICATION CLIENT, REPLICATION SLAVE, SELECT, SHOW DATABASES, SHOW VIEW, TRIGGER, UPDATE,
    APPLICATION_PASSWORD_ADMIN, CONNECTION_ADMIN, ROLE_ADMIN, SET_USER_ID, SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER,
    SHOW_ROUTINE, XA_RECOVER_ADMIN, FLUSH_OPTIMIZER_COSTS, FLUSH_STATUS, FLUSH_TABLES, FLUSH_USER_RESOURCES
"""
# "You can't modify the tables in the mysql database directly ... You can still query the mysql tables."
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Compare-80-v3.html
_NOT_IN_THE_SYSTEM: Final = (
    "INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, "
    "CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER"
)
_SERVER: Final = ("--partial-revokes=ON", "--require-secure-transport=ON", "--secure-file-priv=NULL")
_PACKAGE: Final = "mysql-server-core"


class MySQL(DatabaseServer):
    """A private MySQL with partial revokes, TLS only, and administrators who are not root.

    Their rights come through the role `rds_superuser_role` and are restricted in `mysql` and `sys`. As on RDS they
    extend to every other database of the server; here one server holds all clusters.
    """

    def _find_program(self) -> ServerProgram:
        return find()

    def _grant(self, cursor: Any, name: str, username: str) -> None:  # noqa: ARG002 - in all databases
        cursor.execute("SHOW PRIVILEGES")
        known = {str(right).upper() for right, *_ in cursor.fetchall()}
        rights = [right for each in _RIGHTS.split(",") if (right := each.strip()) in known]
        cursor.execute(f"CREATE ROLE IF NOT EXISTS {ROLE}")
        cursor.execute(f"GRANT {', '.join(rights)} ON *.* TO {ROLE} WITH GRANT OPTION")
        for schema in ("mysql", "sys"):
            cursor.execute(f"REVOKE {_NOT_IN_THE_SYSTEM} ON {schema}.* FROM {ROLE}")
        cursor.execute(f"GRANT {ROLE} TO `{username}`@'%'")
        cursor.execute(f"SET DEFAULT ROLE {ROLE} TO `{username}`@'%'")


def find() -> ServerProgram:
    """Debian's or Ubuntu's package, which is kept once it is unpacked.

    Raises:
        DatabaseMissingError: it cannot be unpacked.
    """
    try:
        root = kept(FOLDER / "server", _PACKAGE, lambda unfinished: debian.unpack(_PACKAGE, unfinished))
    except debian.UnpackingFailed as failure:
        raise DatabaseMissingError(f"No MySQL could be unpacked: {failure}") from failure
    # It needs the C library that came along, whose loader must be told where the libraries are.
    (loader,) = {path.resolve() for path in root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*")}
    libraries = f"{loader.parent}:{root}/usr/lib/mysql/private"
    program = (str(loader), "--library-path", libraries, f"{root}/usr/sbin/mysqld")
    return ServerProgram((*program, "--no-defaults", f"--basedir={root}/usr"), _SERVER)
