"""Unpacks the MySQL of the tests, and prints its version."""

import sys

from scripts.program import program


def main() -> None:
    """Prints the version, or one line of error if there is no MySQL."""
    from localcloud.database import mysql
    from localcloud.database.program import DatabaseMissingError

    try:
        server = mysql.find()
    except DatabaseMissingError as error:
        sys.exit(f"{error}. Do without it: make test TEST_DATABASE=mariadb")
    print(server.version, flush=True)


if __name__ == "__main__":
    with program():
        main()
