import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.database.mariadb import MariaDB
from tests.integration.bad_input.kinds_of_events import GOOD_EVENTS
from tests.integration.bad_input.kinds_of_secrets import HIDDEN, REFUSED, SECRETS, SecretKind
from tests.integration.bad_input.product import UNHARMED, UNTOUCHED, Product, invoke
from tests.integration.bad_input.secret_store import SecretStore

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

EVENTS = {handler: GOOD_EVENTS[handler] for handler in ("LoadTargets", "RecordResults", "PrepareDatabase")}
"""By handler, for those that read the secret."""


def readers(kind: SecretKind) -> list[str]:
    """The handlers that cannot do their work with the secret; PrepareDatabase repairs a refused login."""
    return [handler for handler in EVENTS if (handler, kind.error) != ("PrepareDatabase", REFUSED)]


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolves loopback names only, and asks no name server."""
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **options: Any) -> Any:
        if host in ("127.0.0.1", "localhost"):
            return real(host, *args, **options)
        str(host).encode("idna")  # as the real one does first
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.fixture
def product_with(product: Product, secrets: SecretStore, server: MariaDB, kind: SecretKind) -> Product:
    """The product, with the good row and the bad secret."""
    with server.admin_connection(ssl_disabled=True) as connection, connection.cursor() as cursor:
        # Otherwise the server denies access instead of saying that the database is unknown.
        cursor.execute("GRANT ALL ON absent.* TO odcr@'%'")
    product.insert_good_row()
    kind.write(secrets)
    return product


def refusal(handler: str) -> Exception:
    """The handler's exception."""
    with pytest.raises(Exception, match=r"\S") as caught:
        invoke(handler, EVENTS[handler])
    return caught.value


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes, including those that a traceback leaves out."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def leaked(text: str) -> list[str]:
    return [hidden for hidden in HIDDEN if hidden in text]


@pytest.mark.parametrize("kind", SECRETS, ids=lambda kind: kind.name)
def test_a_bad_secret_is_explained_and_not_shown_until_it_is_corrected(
    product_with: Product,
    secrets: SecretStore,
    kind: SecretKind,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for handler in readers(kind):
        error = refusal(handler)
        printed = capsys.readouterr()
        assert leaked(printed.out + printed.err) == []
        assert leaked("".join(str(vars(record)) for record in caplog.records)) == []
        assert leaked("".join(traceback.format_exception(error))) == []
        for one in chain(error):
            assert leaked(f"{one!s} {one!r}") == []

        assert type(error).__name__ == kind.error
        for words in kind.says:
            assert words in str(error)
    assert product_with.seen() == UNTOUCHED

    # The next run uses the corrected secret, although the functions are warm and keep what they remember.
    secrets.correct()
    product_with.run()
    assert product_with.seen() == UNHARMED


def test_a_good_run_shows_the_password_nowhere(
    product: Product, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    product.insert_good_row()
    product.run()
    printed = capsys.readouterr()
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert "Targets loaded" in logged
    assert "InstancesAcquired" in printed.out
    assert leaked(logged + printed.out + printed.err) == []
