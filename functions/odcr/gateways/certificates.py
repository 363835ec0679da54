"""Certificate authorities of the database that this project does not carry."""

import ssl

from odcr.gateways.secret import InvalidSecret, secret_text


def trust_secret(context: ssl.SSLContext, secret_arn: str) -> None:
    """Makes the context trust the certificates in a secret as well.

    Args:
        context: how the database's certificate is verified.
        secret_arn: a secret whose text is certificates in PEM format, such as RDS's bundle of one Region:
            https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html

    Raises:
        InvalidSecret: if the secret holds no certificate, or one that is damaged.
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: if it cannot be read.
    """
    try:
        # What is not ASCII can only be a comment; OpenSSL skips comments, and Python refuses such text.
        text = secret_text(secret_arn).encode("ascii", "replace").decode()
        context.load_verify_locations(cadata=text)
    except (InvalidSecret, ssl.SSLError, ValueError):
        raise InvalidSecret(
            "The secret of DatabaseCertificatesSecretArn holds no or damaged certificates. Store the whole PEM file "
            "of the database's authorities as plain text, with no JSON around it: "
            "docs/how-to/own-network-and-database.md, 'Certificates'."
        ) from None
