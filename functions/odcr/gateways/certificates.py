"""The database's certificate authorities, where odcr does not carry them."""

import ssl

from odcr.gateways.secret import InvalidSecret, secret_text


def trust_secret(context: ssl.SSLContext, secret_arn: str) -> None:
    """Makes the context trust the certificates in a secret, too.

    Args:
        context: verifies the database's certificate.
        secret_arn: a secret whose text is certificates in PEM format, such as RDS's bundle for one Region:
            https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html

    Raises:
        InvalidSecret: if the secret contains no certificate, or a damaged one.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: if it cannot be read.
    """
    try:
        # Only comments can be non-ASCII. OpenSSL skips comments, but Python refuses such text.
        text = secret_text(secret_arn).encode("ascii", "replace").decode()
        context.load_verify_locations(cadata=text)
    except (InvalidSecret, ssl.SSLError, ValueError):
        raise InvalidSecret(
            "The secret of DatabaseCertificatesSecretArn contains no or damaged certificates. Store the whole PEM file "
            "of the database's authorities as plain text, without JSON: docs/how-to/own-network-and-database.md, "
            "'Certificates'."
        ) from None
