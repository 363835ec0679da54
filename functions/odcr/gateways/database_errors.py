"""The kinds of errors that a connection to MySQL ends with, and what helps.

From the servers' own lists (`perror NUMBER`; https://dev.mysql.com/doc/mysql-errors/8.0/en/,
https://mariadb.com/kb/en/mariadb-error-codes/). What is in neither set is a defect of ours or of a table: it is raised
as it is, and the state machine repeats that too.
"""

import ssl
from typing import Final

import pymysql
from pymysql.constants import CR

_PASSING: Final = frozenset(
    {
        # Somebody else was in the way. The transaction is rolled back, and can be made again.
        1205,  # lock wait time-out
        1213,  # deadlock
        1020,  # the row changed since it was read (MariaDB)
        1412,  # the table's definition changed
        1689,  # a lock was aborted for an exclusive one
        3572,  # a lock was not to be had at once
        3058,  # deadlock of named locks
        1180,  # error during commit
        3101,  # rolled back during commit
        # Too much at a time: connections, memory, locks, transactions, disk. Others let go, Aurora grows.
        1040,  # too many connections
        1203,  # too many of this user
        1226,  # a limit of this user, such as connections in an hour
        1129,  # too many failed connections of this host: until somebody flushes them, or they are forgotten
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
        # Ended by somebody, or by the clock.
        1317,  # statement interrupted
        1969,  # statement time-out (MariaDB)
        3024,  # statement time-out (MySQL)
        1927,  # connection killed (MariaDB)
        3169,  # session killed (MySQL)
        4031,  # idle for too long
        # Going down, coming up, or a reader that was the writer before a failover.
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
        # The storage below the server; Aurora's is a service of its own.
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
        1044,  # not to this database
        3879,  # not to this database (MySQL, partial revokes)
        1049,  # no such database
        1130,  # not from this host
        1142,  # not this statement on this table
        1143,  # not on this column
        1227,  # lacks a right
        1370,  # not this routine
        1820,  # the password is to be changed first
        1862,  # the password has expired
        3118,  # account locked (MySQL)
        4151,  # account locked (MariaDB)
        4150,  # account blocked after failed logins (MariaDB)
        3955,  # account blocked after failed logins (MySQL)
        1251,  # a way to log in that no client has
        1524,  # a way to log in that the server has not loaded
        CR.CR_AUTH_PLUGIN_CANNOT_LOAD,  # a way to log in that the driver has not
        CR.CR_AUTH_PLUGIN_ERR,
    }
)
_CLIENTS_OWN: Final = range(2000, 3000)
"""No connection, lost connection, and the like."""

# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _OTHER_HOST = 9, 10, range(62, 65)


def is_passing(error: Exception) -> bool:
    """Whether asking again later may help."""
    if isinstance(error, (OSError, pymysql.err.InterfaceError)):
        return True
    return _code(error) in _PASSING or (_code(error) in _CLIENTS_OWN and not is_login_refused(error))


def is_login_refused(error: Exception) -> bool:
    """Whether the server does not let the user in, or not do what is asked for: what PrepareDatabase may correct."""
    return _code(error) in _LOGIN_REFUSED


def untrusted_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """What the verification of the server's certificate said, if that is what the error is about."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        # PyMySQL's own attribute, beside what Python remembers.
        error = getattr(error, "original_exception", None) or error.__cause__ or error.__context__
    return error


def advice_on_certificate(error: ssl.SSLCertVerificationError) -> str:
    """What a person can do about a certificate that does not verify."""
    if error.verify_code in _OTHER_HOST:
        return "Put the name that the certificate is for into the database secret's host."
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return "Renew the server's certificate."
    return (
        "Neither the system's authorities nor the roots of RDS that come with odcr vouch for it: it may be a new "
        "Region's, or of an authority of your own. Put that authority's certificates, as PEM, into a secret, and "
        "deploy with DatabaseCertificatesSecretArn."
    )


def _code(error: Exception) -> int:
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0
