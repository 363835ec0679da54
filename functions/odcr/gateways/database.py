"""The connection to the database."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pymysql
from botocore.exceptions import BotoCoreError, ClientError
from pymysql.constants import CLIENT, ER

from odcr.gateways.certificates import trust_secret
from odcr.gateways.database_errors import advice_on_certificate, is_login_refused, is_passing, untrusted_certificate
from odcr.gateways.schema import create_missing_tables
from odcr.gateways.secret import DatabaseLogin, database_login, pending_login
from odcr.settings import CertificateSettings

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

CONNECT_TIMEOUT: Final = 5
"""Seconds. With READ_TIMEOUT it keeps a hanging database from outliving the function."""
READ_TIMEOUT: Final = 10
"""Seconds for each answer; also bounds the handshake, which the connect time-out does not."""

_CERTIFICATES = Path(__file__).with_name("rds_certificates.pem")


class DatabaseUnavailable(Exception):  # noqa: N818 - the name is what the state machine retries by
    """The database did not answer, or not now. Trying again later may help."""


class LoginRefused(Exception):  # noqa: N818 - the name is what the state machine catches
    """The server does not let in whom the database secret names, or not with the rights that are needed."""


class CertificateNotTrusted(Exception):  # noqa: N818 - the name is what the state machine does not retry
    """The server's certificate does not verify. Only a person can change that; the message says how."""


@cache
def _tls() -> ssl.SSLContext:
    """Verifies the server against the system's authorities, those of RDS, which no system has, and the stack's own.

    Raises:
        InvalidSecret, DatabaseUnavailable: if the stack's are no certificates, or cannot be read.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(_CERTIFICATES)
    if secret_arn := CertificateSettings.load().secret_arn:
        try:
            trust_secret(context, secret_arn)
        except (BotoCoreError, ClientError) as error:
            raise DatabaseUnavailable(
                f"The secret of DatabaseCertificatesSecretArn cannot be read: {error}. If this lasts: does it still "
                "exist, encrypted with the key that Secrets Manager has by itself?"
            ) from error
    # Python 3.13 also demands fields that certificates may lack without being any less trustworthy. The chain and the
    # host name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def connect(login: DatabaseLogin, read_timeout: int = READ_TIMEOUT) -> "Connection[Cursor]":
    """A connection to a server whose certificate is verified; nothing is committed by itself. The caller closes it.

    Args:
        login: who logs in, and where.
        read_timeout: seconds for each answer.

    Raises:
        pymysql.err.MySQLError, OSError: as the driver raises them; `explained` says what they mean.
        InvalidSecret, DatabaseUnavailable: see `_tls`.
    """
    try:
        return pymysql.connect(
            host=login.host,
            port=login.port,
            user=login.username,
            password=login.password,
            database=login.dbname,
            charset="utf8mb4",
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=read_timeout,
            write_timeout=READ_TIMEOUT,
            ssl=_tls(),
            # Affected rows are those that matched, also where the new value is the old one.
            client_flag=CLIENT.FOUND_ROWS,
            autocommit=False,
        )
    except pymysql.err.OperationalError as error:
        if isinstance(getattr(error, "original_exception", None), ssl.SSLCertVerificationError):
            # The secret with the certificates may have been corrected since it was read, or be about to.
            _tls.cache_clear()
        raise


@contextmanager
def explained() -> Iterator[None]:
    """Within it, the libraries' errors become those that the state machine knows.

    Raises:
        DatabaseUnavailable: if the database or the secret's service does not answer.
        LoginRefused: if the server does not let the user in, or not do what is asked for.
        CertificateNotTrusted: if the server's certificate does not verify.
    """
    try:
        yield
    except (pymysql.err.MySQLError, OSError) as error:
        if untrusted := untrusted_certificate(error):
            raise CertificateNotTrusted(
                f"The database's certificate is not trusted: {untrusted.verify_message}. "
                f"{advice_on_certificate(untrusted)}"
            ) from error
        if is_passing(error):
            raise DatabaseUnavailable(
                f"The database cannot be used at the moment: {_text(error)}. If this lasts: is the cluster up?"
            ) from error
        if is_login_refused(error):
            advice = "Correct the login in the database secret, or the user's rights."
            raise LoginRefused(f"{_text(error)}. {advice}") from error
        raise
    except (BotoCoreError, ClientError) as error:
        raise DatabaseUnavailable(f"The database secret cannot be read: {error}.") from error


def _connected(secret_arn: str) -> "Connection[Cursor]":
    login = database_login(secret_arn)
    try:
        return connect(login)
    except pymysql.err.OperationalError as error:
        refusal = error
    # The secret may have been rotated, or corrected, since it was fetched.
    current = database_login(secret_arn, fresh=True)
    if current != login:
        try:
            return connect(current)
        except pymysql.err.OperationalError as error:
            refusal = error
    if refusal.args[0] == ER.ACCESS_DENIED_ERROR:
        # In the midst of a rotation the database knows the new password before it is the secret's current one.
        pending = pending_login(secret_arn)
        if pending is not None and pending != current:
            return connect(pending)
    raise refusal


@contextmanager
def transaction(secret_arn: str) -> "Iterator[Cursor]":
    """A cursor in one transaction, with all tables there: committed at the end, rolled back on an error.

    Raises:
        TablesOutdated, TablesTooNew: if the tables are not of this code's version.
        DatabaseUnavailable, LoginRefused: see `explained`.
        InvalidSecret: if the secret is no database login.
    """
    with explained():
        connection = _connected(secret_arn)
        try:
            with connection.cursor() as cursor:
                # Plain statements like the original's compare times in one zone, whatever the server's is. A server
                # that is not strict, as Aurora is by default, would cut values that do not fit without a word.
                cursor.execute("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', sql_safe_updates = 0")
                create_missing_tables(cursor)
                # What a transaction sees is fixed by its first SELECT. That has to come after the wait for the lease,
                # or this run would not see what the run before it has just recorded.
                connection.commit()
                yield cursor
            connection.commit()
        finally:
            # Closing without a commit rolls back; it must not hide the error that led here.
            connection.close()


def is_about_a_table(error: Exception) -> bool:
    """Whether an error tells of a table or its rows, and not of the server, the connection, the login or its rights.

    Such an error leaves the transaction as it was before the statement.
    """
    return isinstance(error, pymysql.err.MySQLError) and not (is_passing(error) or is_login_refused(error))


def text_of_error(error: Exception) -> str:
    """What the server says, without its number."""
    return _text(error)


def _text(error: Exception) -> str:
    return str(error.args[-1]) if error.args else type(error).__name__
