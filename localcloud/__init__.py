"""A small AWS on loopback: moto's server, a private MariaDB, and what moto lacks. See README.md."""
