"""The kinds of MySQL errors, and what helps.

The numbers are from the servers' own lists (`perror NUMBER`; https://dev.mysql.com/doc/mysql-errors/8.0/en/,
https://mariadb.com/kb/en/mariadb-error-codes/). An error in neither set is a defect of odcr or of a table: it is raised
unchanged, and the state machine retries it, too.
"""

import ssl
from typing import Final

import pymysql
from pymysql.constants import CR

_TRANSIENT: Final = frozenset(
    {
        # Conflicts with other transactions. The transaction is rolled back, and can be repeated.
        1205,  # lock wait time-out
        1213,  # deadlock
        1020,  # the row changed since it was read (MariaDB)
        1412,  # the table's definition changed
        1689,  # a lock was aborted for an exclusive one
        3572,  # a lock was not available at once
        3058,  # deadlock of named locks
        1180,  # error during commit
        3101,  # rolled back during commit
        # Too many connections, or too little memory, locks or disk. Others free them, or Aurora grows.
        1040,  # too many connections
        1203,  # too many of this user
        1226,  # a limit of this user, such as connections in an hour
        1129,  # too many failed connections from this host: until somebody flushes them, or they expire
        1021,  # disk full
        1114,  # table full
        1037,  # out of memory
        1038,  # out of memory for sorting
        1041,  # out of memory
        3015,  # out of memory in the engine
        3170,  # memory limit
        4081,  # memory limit of all connections
        4082,  # memory limit of this connection
        1135,  # no new thread
        1206,  # lock table full
        1637,  # too many transactions
        3985,  # no resources for a lock
        # Ended by somebody, or by a time-out.
        1317,  # statement interrupted
        1969,  # statement time-out (MariaDB)
        3024,  # statement time-out (MySQL)
        1927,  # connection killed (MariaDB)
        3169,  # session killed (MySQL)
        4031,  # idle for too long
        # Shutting down, starting, or no longer the writer after a failover.
        1053,  # shutdown
        1077,  # shutdown
        1078,  # shutdown by a signal
        1079,  # shutdown complete
        1047,  # not ready yet (Galera)
        3032,  # offline
        6400,  # offline, with a reason
        1290,  # --read-only
        1792,  # read-only transaction
        1836,  # read-only mode
        1874,  # InnoDB read-only
        1881,  # InnoDB recovers
        3989,  # schema read-only
        # The storage below the server; Aurora's is a separate service.
        1030,  # error of the engine
        1296,  # error of the engine, with a number
        1297,  # temporary error of the engine
        # The network.
        1042,  # the host's name does not resolve
        1043,  # broken handshake
        1080,  # connection closed by force
        1152,  # connection aborted
        1184,  # connection aborted
        1156,  # packets out of order
        1157,  # packet does not uncompress
        1158,  # read error
        1159,  # read time-out
        1160,  # write error
        1161,  # write time-out
        1835,  # broken packet
    }
)

_LOGIN_REFUSED: Final = frozenset(
    {
        1045,  # access denied: another password, no such user, no TLS
        1698,  # access denied, without a password
        1044,  # no access to this database
        3879,  # no access to this database (MySQL, partial revokes)
        1049,  # no such database
        1130,  # not from this host
        1142,  # statement not allowed on this table
        1143,  # statement not allowed on this column
        1227,  # lacks a right
        1370,  # routine not allowed
        1820,  # the password must be changed first
        1862,  # the password has expired
        3118,  # account locked (MySQL)
        4151,  # account locked (MariaDB)
        4150,  # account blocked after failed logins (MariaDB)
        3955,  # account blocked after failed logins (MySQL)
        1251,  # authentication method unknown to the client
        1524,  # authentication plug-in not loaded in the server
        CR.CR_AUTH_PLUGIN_CANNOT_LOAD,  # authentication plug-in unknown to the driver
        CR.CR_AUTH_PLUGIN_ERR,
    }
)
_CLIENT_ERRORS: Final = range(2000, 3000)
"""Raised by the client: no connection, lost connection, and so on."""

# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST = 9, 10, range(62, 65)


def is_transient(error: Exception) -> bool:
    """Whether trying again later may help."""
    if isinstance(error, (OSError, pymysql.err.InterfaceError)):
        return True
    return _code(error) in _TRANSIENT or (_code(error) in _CLIENT_ERRORS and not is_login_refused(error))


def is_login_refused(error: Exception) -> bool:
    """Whether the server refuses the user, or what the user asks for. PrepareDatabase may be able to correct that."""
    return _code(error) in _LOGIN_REFUSED


def untrusted_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The failed verification of the server's certificate that caused the error, if any."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        # PyMySQL has an attribute for the cause, besides Python's own.
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
    return error


def advice_on_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What a person can do about a certificate that cannot be verified."""
    if error.verify_code in _OTHER_HOST:
        return "Set the database secret's host to a name that the certificate is for."
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return "Renew the server's certificate."
    return (
        "It comes neither from one of the system's authorities nor from the RDS roots that odcr carries. It may belong "
        "to a new Region, or to a private authority. Put that authority's certificates, as PEM, into a secret, and "
        "deploy with DatabaseCertificatesSecretArn."
    )


def _code(error: Exception) -> int:
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0
