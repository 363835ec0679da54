"""The default server: quick to start, and in every distribution."""

from typing import Any, Final

from localcloud.database.databases import pattern
from localcloud.database.program import ServerProgram
from localcloud.database.server import DatabaseServer

# Those of RDS's administrator that can be given for one database.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html
_RIGHTS: Final = (
    "ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE, "
    "INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE"
)


class MariaDB(DatabaseServer):
    """A private MariaDB, or whatever MySQL is installed if there is no MariaDB.

    One server holds all clusters, so an administrator has rights in its own database only. MariaDB cannot express two
    of RDS's limits: who has CREATE USER may change the server's own accounts, too, and a right that is given
    everywhere cannot be taken back for `mysql`.
    """

    def _find_program(self) -> ServerProgram:
        return ServerProgram.find()

    def _grant(self, cursor: Any, name: str, username: str) -> None:
        cursor.execute(f"GRANT {_RIGHTS} ON `{pattern(name)}`.* TO `{username}`@'%' WITH GRANT OPTION")
        cursor.execute(f"GRANT CREATE USER ON *.* TO `{username}`@'%'")
