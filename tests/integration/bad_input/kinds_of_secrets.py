"""Bad secrets, and the words that each error has to contain."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.bad_input.product import PASSWORD
from tests.integration.bad_input.secret_store import SecretStore

WRONG_PASSWORD = "Wr0ng-horse-battery"
FOREIGN_PASSWORD = f"{PASSWORD}-\N{CJK UNIFIED IDEOGRAPH-4E2D}"
"""With a character that MySQL's protocol cannot send."""
NO_HOST = "db.nowhere.invalid"


@dataclass(frozen=True)
class SecretKind:
    """One kind of bad secret."""

    name: str
    error: str
    """The name that the state machine shows."""
    says: tuple[str, ...]
    """Words in the error's message: what is wrong, and what to do."""
    write: Callable[[SecretStore], None]


def text(name: str, value: str | bytes, *says: str) -> SecretKind:
    """A secret that is not a login."""
    return SecretKind(name, "InvalidSecret", says, lambda store: store.put(value))


def fields(name: str, *says: str, error: str = "InvalidSecret", **changes: object) -> SecretKind:
    """A login that is valid except for some fields."""
    return SecretKind(name, error, says, lambda store: store.put(store.login(**changes)))


def without(field: str, *says: str) -> SecretKind:
    """A login that lacks a field."""
    return SecretKind(f"no {field}", "InvalidSecret", says, lambda store: store.put(store.login(**{field: ...})))


NO_LOGIN = "Store an object with username, password"
NO_PORT = "not a port number"
REFUSED = "LoginRefused"
SILENT = "DatabaseUnavailable"

TEXTS = [
    text("the password alone", PASSWORD, "not JSON", NO_LOGIN),
    text("blank", " ", "not JSON", NO_LOGIN),
    text("JSON that breaks off", f'{{"username": "odcr", "password": "{PASSWORD}"', "not JSON", NO_LOGIN),
    text("a JSON list", f'["odcr", "{PASSWORD}"]', "not a JSON object", "Store one with username, password"),
    text("a JSON text", f'"{PASSWORD}"', "not a JSON object", "Store one with username, password"),
    text("a JSON null", "null", "not a JSON object", "Store one with username, password"),
    text("binary", f'{{"password": "{PASSWORD}"}}'.encode(), "binary", "text"),
]

FIELDS = [
    *(
        without(name, f"has no {name}", "Add what is missing")
        for name in ("username", "password", "host", "port", "dbname")
    ),
    fields("only a password", "has no username, host, port, dbname", username=..., host=..., port=..., dbname=...),
    fields("an empty password", "has no password", "Add what is missing", password=""),
    fields("a password of null", "has no password", "Add what is missing", password=None),
    fields("an empty host", "has no host", "Add what is missing", host=""),
    fields("a port that is text", "port", NO_PORT, "Correct it", port="mysql"),
    fields("the password for the port", "port", NO_PORT, "Correct it", port=PASSWORD),
    fields("a port of 0", "port", NO_PORT, "Correct it", port=0),
    fields("a port of 0 as text", "port", NO_PORT, "Correct it", port="0"),
    fields("a port of 70000", "port", NO_PORT, "Correct it", port=70000),
    fields("a negative port", "port", NO_PORT, "Correct it", port=-3306),
    fields("a port that is a list", "port", NO_PORT, "Correct it", port=[3306]),
    fields("an infinite port", "port", NO_PORT, "Correct it", port=float("inf")),
    fields("a password that MySQL cannot take", "password", "characters", password=FOREIGN_PASSWORD),
    fields("a host with two dots in a row", "host", "not a host name", "Correct it", host="db..invalid"),
]

REFUSALS = [
    fields("a wrong password", "Access denied", "'odcr'", "secret", error=REFUSED, password=WRONG_PASSWORD),
    fields("an unknown user", "Access denied", "'nobody'", "secret", error=REFUSED, username="nobody"),
    fields("somebody else's database", "Access denied", "'elsewhere'", "secret", error=REFUSED, dbname="elsewhere"),
    fields("an unknown database", "Unknown database", "'absent'", "secret", error=REFUSED, dbname="absent"),
    fields("an unknown host", NO_HOST, "Name or service not known", "cluster is available", error=SILENT, host=NO_HOST),
    fields(
        "a port that nobody listens on", "127.0.0.1", "Connection refused", "cluster is available", error=SILENT, port=1
    ),
    SecretKind(
        "no secret",
        SILENT,
        ("secret cannot be read", "ResourceNotFoundException", "find"),
        lambda store: store.delete(),
    ),
    SecretKind(
        "a secret that is being deleted",
        SILENT,
        ("secret cannot be read", "InvalidRequestException", "delet"),
        lambda store: store.mark_for_deletion(),
    ),
]

SECRETS = [*TEXTS, *FIELDS, *REFUSALS]
HIDDEN = (PASSWORD, WRONG_PASSWORD)
"""Passwords that must appear nowhere; FOREIGN_PASSWORD begins with one of them."""
