"""The environment in which aws, sam and boto3 talk to the local cloud and nowhere else.

Three walls, and each holds without the others:

- Nothing is left of what could lead a client elsewhere: no variable, no profile, no configuration file. Clients that
  know AWS_ENDPOINT_URL ask the cloud (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
- Clients that do not, such as aws before 2.13, find that their only way out is a proxy that nobody is behind.
- The credentials are those of no account.
"""

import os
from collections.abc import Iterable, Mapping, MutableMapping

DEFAULT_REGION = "ap-northeast-1"
CREDENTIAL = "localcloud"
"""Access key and secret; nothing checks them, but clients want to sign with some."""
NOWHERE = "http://127.0.0.1:1"
"""A proxy that does not exist. Only root may listen on that port, and nobody does."""
LOOPBACK = ("127.0.0.1", "localhost")
_PREFIXES = ("AWS_", "BOTO_", "SAM_", "MYSQL_", "MARIADB_")
"""Of all variables that clients read: each may lead elsewhere, and new ones come with each new service."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_OWN_SETTINGS = {
    # Empty, and what `aws configure` writes is not kept.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def misleading(names: Iterable[str]) -> list[str]:
    """The variables by which a client could find another place than the local cloud, or credentials for it."""
    return [name for name in names if name.startswith(_PREFIXES)]


def only_way(endpoint: str) -> dict[str, str]:
    """The variables that leave a client no way but the one to `endpoint`; credentials and Region are not among them."""
    return {
        **_OWN_SETTINGS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        **_both_cases(dict.fromkeys(_PROXIES, NOWHERE)),
        **_both_cases({"NO_PROXY": ",".join(LOOPBACK)}),
    }


def variables(endpoint: str, region: str) -> dict[str, str]:
    """The variables by which clients find the cloud at `endpoint`, and nothing else."""
    return {
        **only_way(endpoint),
        "AWS_ACCESS_KEY_ID": CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        # aws fails where its pager is not installed.
        "AWS_PAGER": "",
        "SAM_CLI_TELEMETRY": "0",
        # MySQL's programs read it whatever their options say.
        "MYSQL_TEST_LOGIN_FILE": os.devnull,
    }


def applied(base: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """`base` with the variables, and without those that mislead."""
    return _without(base, misleading(base)) | variables(endpoint, region)


def building(base: Mapping[str, str]) -> dict[str, str]:
    """`base` for `sam build`, which asks no AWS but lets pip fetch packages: by the person's proxy, if there is one."""
    return _without(base, misleading(base)) | _OWN_SETTINGS | {"SAM_CLI_TELEMETRY": "0"}


def isolate(environ: MutableMapping[str, str]) -> None:
    """Takes from this process what could lead its own clients elsewhere; a proxy stays, but not for loopback."""
    for name in misleading(environ):
        del environ[name]
    environ.update(_OWN_SETTINGS)
    # Lower case wins where a client looks for both; "*" has a meaning only where it stands alone.
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if exceptions.strip() != "*":
        listed = [each for each in exceptions.split(",") if each]
        exceptions = ",".join([*listed, *(host for host in LOOPBACK if host not in listed)])
    environ.update(_both_cases({"NO_PROXY": exceptions}))


def _without(base: Mapping[str, str], names: list[str]) -> dict[str, str]:
    return {name: value for name, value in base.items() if name not in names}


def _both_cases(values: Mapping[str, str]) -> dict[str, str]:
    return dict(values) | {name.lower(): value for name, value in values.items()}
