"""What clients of the local cloud get of a person's environment."""

import os

import botocore.utils
import pytest
import requests.utils

from localcloud.clients.environment import NOWHERE, applied, building, isolate

ENDPOINT = "http://127.0.0.1:4566"
PERSON = {
    "PATH": "/bin",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_S3": "https://real",
    "AWS_SOMETHING_NEW": "real",
    "AWS_CA_BUNDLE": "real",
    "SAM_TEMPLATE_FILE": "real",
    "MYSQL_PWD": "real",
    "AWS_CONFIG_FILE": "real",
    "HTTPS_PROXY": "http://real",
    "https_proxy": "http://real",
    "all_proxy": "http://real",
    "NO_PROXY": "*",
}


def test_nothing_of_the_person_reaches_a_client() -> None:
    environment = applied(PERSON, ENDPOINT, "eu-west-1")
    assert environment["PATH"] == "/bin"
    assert not any("real" in value or value == "production" for value in environment.values())
    assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "eu-west-1"
    # With the person's "*", no request would go to the proxy that does not exist.
    assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1,localhost"
    for scheme in ("http", "https", "all"):
        assert environment[f"{scheme}_proxy"] == environment[f"{scheme.upper()}_PROXY"] == NOWHERE


def test_a_build_keeps_the_proxy_for_packages_and_nothing_that_leads_to_an_account() -> None:
    environment = building(PERSON)
    assert environment["HTTPS_PROXY"] == "http://real"
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "SAM_TEMPLATE_FILE"} & set(environment)


@pytest.mark.parametrize(
    ("person", "exceptions"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "*"}, "*"),
        ({"NO_PROXY": "upper", "no_proxy": "lower"}, "lower,127.0.0.1,localhost"),
        ({"NO_PROXY": "localhost,.corp"}, "localhost,.corp,127.0.0.1"),
    ],
)
def test_a_process_asks_no_proxy_for_loopback(person: dict[str, str], exceptions: str) -> None:
    environment = {"HTTP_PROXY": "http://proxy", "AWS_PROFILE": "production", **person}
    isolate(environment)
    assert environment["NO_PROXY"] == environment["no_proxy"] == exceptions
    assert environment["HTTP_PROXY"] == "http://proxy"
    assert "AWS_PROFILE" not in environment
    again = dict(environment)
    isolate(again)
    assert again == environment


@pytest.mark.parametrize("exceptions", [None, "", ".corp", "10.0.0.0/8", "*", "127.0.0.1 localhost"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:4566"])
def test_the_clients_of_this_process_go_to_loopback_directly(
    name: str, exceptions: str | None, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {name: "http://proxy.corp:3128"} | ({} if exceptions is None else {"NO_PROXY": exceptions})
    monkeypatch.setattr(os, "environ", environment)
    isolate(environment)
    # As boto3 and, for moto, requests decide.
    assert botocore.utils.get_environ_proxies(f"http://{host}/") == {}
    assert requests.utils.get_environ_proxies(f"http://{host}/", no_proxy=None) == {}
