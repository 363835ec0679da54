"""Finds or unpacks the MySQL of `make mysql`, and says which it is."""

import sys

from localcloud import mysql_program
from localcloud.server_program import DatabaseMissingError


def main() -> None:
    """Prints the version; ends with one line where there is no MySQL."""
    try:
        _, description = mysql_program.find()
    except DatabaseMissingError as error:
        sys.exit(f"{error}. Install one, or leave this out: make test WITHOUT=mysql")
    print(description, flush=True)


if __name__ == "__main__":
    main()
