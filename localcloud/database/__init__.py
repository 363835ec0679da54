"""A private MariaDB or MySQL, in which database clusters live."""
