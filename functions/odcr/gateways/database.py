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
from odcr.gateways.database_errors import advice_on_certificate, is_login_refused, is_transient, untrusted_certificate
from odcr.gateways.schema_versions import create_missing_tables
from odcr.gateways.secret import DatabaseLogin, database_login, login_at
from odcr.settings import CertificateSettings

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

CONNECT_TIMEOUT: Final = 5
"""Seconds. With READ_TIMEOUT it ensures that a function gives up on a hanging database before its own time-out."""
READ_TIMEOUT: Final = 10
"""Seconds for each answer. It also limits the handshake, which the connect time-out does not."""

_CERTIFICATES = Path(__file__).with_name("rds_certificates.pem")


class DatabaseUnavailable(Exception):  # noqa: N818 - the name is what the state machine retries by
    """The database cannot be used at the moment. Trying again later may help."""


class LoginRefused(Exception):  # noqa: N818 - the name is what the state machine catches
    """The server refuses the login in the database secret, or that user lacks rights."""


class CertificateNotTrusted(Exception):  # noqa: N818 - the name is what the state machine does not retry
    """The server's certificate cannot be verified. Only a person can change that; the message says how."""


@cache
def _tls() -> ssl.SSLContext:
    """A context that trusts the system's authorities, those of RDS, which no system has, and the stack's own.

    Raises:
        InvalidSecret, DatabaseUnavailable: if the stack's own are not certificates, or cannot be read.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(_CERTIFICATES)
    if secret_arn := CertificateSettings.load().secret_arn:
        try:
            trust_secret(context, secret_arn)
        except (BotoCoreError, ClientError) as error:
            raise DatabaseUnavailable(
                f"The secret of DatabaseCertificatesSecretArn cannot be read: {error}. If this lasts, check that it "
                "exists and is encrypted with the AWS managed key of Secrets Manager."
            ) from error
    # Python 3.13 also requires fields that trustworthy certificates may lack. The chain and the host name are still
    # verified.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def connect(login: DatabaseLogin, read_timeout: int = READ_TIMEOUT) -> "Connection[Cursor]":
    """A connection to a server with a verified certificate, without autocommit. The caller closes it.

    Args:
        login: user and address.
        read_timeout: seconds for each answer.

    Raises:
        pymysql.err.MySQLError, OSError: as the driver raises them; `explained` translates them.
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
            # Count matched rows as affected, even if the new value equals the old one.
            client_flag=CLIENT.FOUND_ROWS,
            autocommit=False,
        )
    except pymysql.err.OperationalError as error:
        if isinstance(getattr(error, "original_exception", None), ssl.SSLCertVerificationError):
            # The secret with the certificates may have been corrected, or will be.
            _tls.cache_clear()
        raise


@contextmanager
def explained() -> Iterator[None]:
    """Translates the libraries' errors into those that the state machine knows.

    Raises:
        DatabaseUnavailable: if the database or Secrets Manager does not answer.
        LoginRefused: if the server refuses the user, or what the user asks for.
        CertificateNotTrusted: if the server's certificate cannot be verified.
    """
    try:
        yield
    except (pymysql.err.MySQLError, OSError) as error:
        if untrusted := untrusted_certificate(error):
            raise CertificateNotTrusted(
                f"The database's certificate is not trusted: {untrusted.verify_message}. "
                f"{advice_on_certificate(untrusted)}"
            ) from error
        if is_transient(error):
            raise DatabaseUnavailable(
                f"The database cannot be used at the moment: {text_of_error(error)}. If this lasts, check that the "
                "cluster is available."
            ) from error
        if is_login_refused(error):
            advice = "Correct the login in the database secret, or the user's rights."
            raise LoginRefused(f"{text_of_error(error)}. {advice}") from error
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
        # During a rotation the database has the new password before it is the secret's current one.
        pending = login_at(secret_arn, "AWSPENDING")
        if pending is not None and pending != current:
            return connect(pending)
    raise refusal


@contextmanager
def transaction(secret_arn: str) -> "Iterator[Cursor]":
    """A cursor in one transaction, committed at the end and rolled back on an error. Missing tables are created first.

    Raises:
        TablesOutdated, TablesTooNew: if the tables have another version than this code.
        DatabaseUnavailable, LoginRefused, CertificateNotTrusted: see `explained`.
        InvalidSecret: if the secret is not a database login.
    """
    with explained():
        connection = _connected(secret_arn)
        try:
            with connection.cursor() as cursor:
                # UTC, whatever the server's time zone is. Strict, because Aurora by default silently cuts values that
                # do not fit.
                cursor.execute("SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', sql_safe_updates = 0")
                create_missing_tables(cursor)
                # A transaction's first SELECT fixes what it sees. That SELECT must come after the wait for the lease,
                # or this run would not see what the run before has just recorded.
                connection.commit()
                yield cursor
            connection.commit()
        finally:
            # Closing without a commit rolls back, without hiding the original error.
            connection.close()


def is_about_a_table(error: Exception) -> bool:
    """Whether an error is about a table or its rows, not the server, the connection, the login or its rights.

    Such an error leaves the transaction as it was before the statement.
    """
    return isinstance(error, pymysql.err.MySQLError) and not (is_transient(error) or is_login_refused(error))


def text_of_error(error: Exception) -> str:
    """The server's message, without its number."""
    return str(error.args[-1]) if error.args else type(error).__name__
