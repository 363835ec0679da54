"""A throw-away certificate authority, so that TLS on loopback is verified as it is on AWS."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=30)
_CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class ServerCertificate:
    """PEM files of a server's certificate; the authority's own key is never written."""

    ca_file: Path
    """The authority's certificate, which a client has to trust."""
    certificate_file: Path
    key_file: Path


def issue(folder: Path) -> ServerCertificate:
    """Creates an authority, and a certificate for `localhost`, 127.0.0.1 and ::1.

    The extensions are those that OpenSSL's strict verification, Python's default since 3.13, asks for (RFC 5280).

    Args:
        folder: an existing folder, in which `ca.pem`, `server.pem` and `server-key.pem` are written.
    """
    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, server_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("localcloud throw-away CA", "localhost")
    )
    loopback = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    ca = _builder(ca_name, ca_name, ca_key.public_key(), ca_key.public_key(), is_ca=True)
    server = (
        _builder(server_name, ca_name, server_key.public_key(), ca_key.public_key(), is_ca=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]), critical=False)
    )
    issued = ServerCertificate(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem")
    for file, builder in ((issued.ca_file, ca), (issued.certificate_file, server)):
        file.write_bytes(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    issued.key_file.touch(mode=0o600)
    issued.key_file.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return issued


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    *,
    is_ca: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    others = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
        **dict.fromkeys(others, False),
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
        .add_extension(usage, critical=True)
    )
