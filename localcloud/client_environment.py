"""The environment in which aws, sam and boto3 talk to the local cloud and nowhere else."""

import os
from collections.abc import Mapping

DEFAULT_REGION = "ap-northeast-1"
CREDENTIAL = "localcloud"
"""Access key and secret; nothing checks them, but clients want to sign with some."""
MISLEADING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
"""Variables that would lead a client to the real AWS, or to credentials for it."""


def variables(endpoint: str, region: str) -> dict[str, str]:
    """The variables by which clients find the cloud at `endpoint`.

    A proxy is not asked for loopback; exceptions that this process has from its proxy stay.
    """
    exceptions = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
    direct = ",".join(filter(None, [exceptions, "127.0.0.1,localhost"]))
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def applied(base: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """`base` with the variables, and without those that mislead."""
    return {name: value for name, value in base.items() if name not in MISLEADING} | variables(endpoint, region)
