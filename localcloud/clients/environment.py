"""The environment in which aws, sam and boto3 talk to the local cloud and nowhere else.

Three walls, each of which holds alone:

- Nothing is left that could lead a client elsewhere: no variable, no profile, no configuration file. Clients that know
  AWS_ENDPOINT_URL ask the cloud (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
- For clients that do not, such as aws before 2.13, the only way out is a proxy that does not exist.
- The credentials belong to no account.
"""

import os
from collections.abc import Iterable, Mapping, MutableMapping

DEFAULT_REGION = "ap-northeast-1"
CREDENTIAL = "localcloud"
"""Access key and secret: nothing checks them, but clients must sign with something."""
NOWHERE = "http://127.0.0.1:1"
"""A proxy that does not exist. Only root may listen on that port, and nobody does."""
LOOPBACK = ("127.0.0.1", "localhost")
_PREFIXES = ("AWS_", "BOTO_", "SAM_", "MYSQL_", "MARIADB_")
"""Of every variable that clients read: any may lead elsewhere, and each new service brings new ones."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_OWN_SETTINGS = {
    # Empty, and it stays empty whatever `aws configure` writes.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def misleading(names: Iterable[str]) -> list[str]:
    """The variables that could lead a client elsewhere, or give it real credentials."""
    return [name for name in names if name.startswith(_PREFIXES)]


def only_way(endpoint: str) -> dict[str, str]:
    """The variables that leave a client no way but to `endpoint`, without credentials and Region."""
    return {
        **_OWN_SETTINGS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        **_both_cases(dict.fromkeys(_PROXIES, NOWHERE)),
        **_both_cases({"NO_PROXY": ",".join(LOOPBACK)}),
    }


def variables(endpoint: str, region: str) -> dict[str, str]:
    """All variables of a client of the cloud at `endpoint`."""
    return {
        **only_way(endpoint),
        "AWS_ACCESS_KEY_ID": CREDENTIAL,
        "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        # aws fails where its pager is not installed.
        "AWS_PAGER": "",
        "SAM_CLI_TELEMETRY": "0",
        # A deployment here is over before sam first looks; it would wait five seconds.
        "SAM_CLI_POLL_DELAY": "0.2",
        # MySQL's programs read this file whatever their options say.
        "MYSQL_TEST_LOGIN_FILE": os.devnull,
    }


def applied(base: Mapping[str, str], endpoint: str, region: str) -> dict[str, str]:
    """`base` with these variables, and without misleading ones."""
    return _harmless(base) | variables(endpoint, region)


def building(base: Mapping[str, str]) -> dict[str, str]:
    """`base` for `sam build`, which asks no AWS but needs the person's proxy to fetch packages."""
    return _harmless(base) | _OWN_SETTINGS | {"SAM_CLI_TELEMETRY": "0"}


def isolate(environ: MutableMapping[str, str]) -> None:
    """Removes from a process what could lead its own clients elsewhere; its proxy stays, but not for loopback."""
    for name in misleading(environ):
        del environ[name]
    environ.update(_OWN_SETTINGS)
    # Clients that look for both prefer lower case; "*" means everything only if it stands alone.
    exceptions = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if exceptions.strip() != "*":
        listed = [each for each in exceptions.split(",") if each]
        exceptions = ",".join([*listed, *(host for host in LOOPBACK if host not in listed)])
    environ.update(_both_cases({"NO_PROXY": exceptions}))


def _harmless(base: Mapping[str, str]) -> dict[str, str]:
    dropped = misleading(base)
    return {name: value for name, value in base.items() if name not in dropped}


def _both_cases(values: Mapping[str, str]) -> dict[str, str]:
    return dict(values) | {name.lower(): value for name, value in values.items()}
