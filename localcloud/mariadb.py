"""The server that the local cloud takes unless it is told otherwise: quick to start, and in every distribution."""

from typing import Any, Final

from localcloud.database_server import DatabaseServer
from localcloud.databases import pattern
from localcloud.server_program import ServerProgram

# Those of RDS's administrator that can be given for one database.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html
_RIGHTS: Final = (
    "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, "
    "INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE"
)


class MariaDB(DatabaseServer):
    """A private MariaDB, or whatever MySQL there is where there is no MariaDB.

    One server serves all clusters, so an administrator has the rights in its own database only. Two things MariaDB
    cannot express: CREATE USER cannot be kept from changing the server's own accounts, and a right that is
    given everywhere cannot be taken back for `mysql`.
    """

    def _find_program(self) -> ServerProgram:
        return ServerProgram.find()

    def _grant(self, cursor: Any, name: str, username: str) -> None:
        cursor.execute(f"GRANT {_RIGHTS} ON `{pattern(name)}`.* TO `{username}`@'%' WITH GRANT OPTION")
        cursor.execute(f"GRANT CREATE USER ON *.* TO `{username}`@'%'")
