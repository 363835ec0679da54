"""A person's own certificates, from a secret, for a server that no public authority vouches for."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.database.server import DatabaseServer
from odcr.gateways import database, secret
from odcr.gateways.database import DatabaseUnavailable
from odcr.gateways.secret import InvalidSecret

ARN = "arn:certificates"
Store = Callable[[dict[str, str]], None]


@pytest.fixture
def store(transaction: Any, secrets: Any, monkeypatch: pytest.MonkeyPatch) -> Store:  # noqa: ARG001 - a user is there
    """Sets the value of the certificates' secret. The server's certificates are nowhere else."""
    value: dict[str, str] = {}
    database_secret = secrets.get_secret_value

    def get_secret_value(**request: str) -> dict[str, str]:
        if request["SecretId"] != ARN:
            return dict(database_secret(**request))
        if not value:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "Not you."}}, "GetSecretValue")
        return value

    def store(answer: dict[str, str]) -> None:
        value.clear()
        value.update(answer)

    monkeypatch.setattr(secret.client(), "get_secret_value", get_secret_value)
    monkeypatch.setenv("DATABASE_CERTIFICATES_SECRET_ARN", ARN)
    monkeypatch.delenv("SSL_CERT_FILE")
    database._tls.cache_clear()
    return store


@pytest.fixture
def pem(server: DatabaseServer) -> str:
    return Path(server.ca_file).read_text()


def test_certificates_in_the_secret_are_trusted(store: Store, pem: str, transaction: Any) -> None:
    store({"SecretString": f"# Autorité de la base\n{pem}"})
    with transaction() as cursor:
        cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
        assert cursor.fetchone()[1]


def test_a_corrected_secret_is_read_by_the_next_run(store: Store, pem: str, transaction: Any) -> None:
    store({"SecretString": database._CERTIFICATES.read_text()})
    with pytest.raises(Exception, match=r"(?i)certificate"), transaction():
        pass
    store({"SecretString": pem})
    with transaction() as cursor:
        cursor.execute("SELECT 1")
    # Once trusted, it is not read again.
    store({})
    with transaction() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.parametrize("damage", ["", "hunter2", '{"pem": "%s"}', "cut", "binary"])
def test_invalid_certificate_is_refused_with_a_sentence(store: Store, pem: str, transaction: Any, damage: str) -> None:
    if damage == "binary":
        store({"SecretBinary": pem})
    elif damage == "cut":
        store({"SecretString": pem + pem[: len(pem) // 2]})
    else:
        store({"SecretString": damage % pem.replace("\n", "\\n") if "%s" in damage else damage})
    with pytest.raises(InvalidSecret, match=r"DatabaseCertificatesSecretArn.*Store the whole PEM file") as caught:
        transaction().__enter__()
    assert "hunter2" not in str(caught.value)


def test_unreadable_secret_is_named(store: Store, transaction: Any) -> None:
    store({})
    with pytest.raises(DatabaseUnavailable, match=r"secret of DatabaseCertificatesSecretArn cannot be read: .*Not you"):
        transaction().__enter__()


def test_rds_bundle_is_trusted_too(store: Store, pem: str) -> None:
    store({"SecretString": pem})
    own = ssl.create_default_context()
    own.load_verify_locations(cadata=pem)
    names = {str(certificate["subject"]) for certificate in database._tls().get_ca_certs()}
    assert {str(certificate["subject"]) for certificate in own.get_ca_certs()} <= names
    assert any("Amazon RDS eu-central-1 Root CA RSA2048 G1" in name for name in names)
