"""What the local cloud does not know, or fails at, is an AWS error for the client and a line in the log."""

import io
import logging
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.sns.models import SNSBackend

from localcloud.failures import known_regions
from localcloud.log import Log
from localcloud.server import Server
from localcloud.services import Services


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("log") / "log")


@pytest.fixture(scope="module")
def server(log: Log) -> Iterator[Server]:
    running = Server(0, [], log)
    running.start()
    yield running
    running.stop()


def client(server: Server, service: str, region: str = "ap-northeast-1") -> Any:
    """A boto3 client of the server."""
    nothing: Any = None
    return Services(server.endpoint, nothing, nothing, print).client(service, region)


def refused(client: Any, action: str, **parameters: Any) -> dict[str, Any]:
    """The error that answers a call, as boto3 reads it."""
    with pytest.raises(ClientError) as caught:
        client._make_api_call(action, parameters)
    return dict(caught.value.response)


@pytest.mark.parametrize(
    ("service", "action", "parameters", "protocol"),
    [
        ("ec2", "GetCapacityManagerAttributes", {}, "ec2"),
        ("sns", "CreateSMSSandboxPhoneNumber", {"PhoneNumber": "+12345678"}, "query"),
        ("lambda", "GetAccountSettings", {}, "rest-json"),
        ("cloudfront", "ListRealtimeLogConfigs", {}, "rest-xml"),
        # moto has no such service at all.
        ("pi", "ListPerformanceAnalysisReports", {"ServiceType": "RDS", "Identifier": "db-1"}, "json"),
        ("billing", "ListBillingViews", {}, "json"),
    ],
)
def test_an_api_that_there_is_not_is_named(
    server: Server,
    log: Log,
    capfd: pytest.CaptureFixture[str],
    service: str,
    action: str,
    parameters: dict[str, Any],
    protocol: str,
) -> None:
    asking = client(server, service)
    assert asking.meta.service_model.resolved_protocol == protocol
    error = refused(asking, action, **parameters)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["Error"]["Code"] == "NotImplemented"
    assert f"The local cloud has no {action} of " in error["Error"]["Message"]
    assert Path(str(log.path)).read_text().splitlines()[-1].endswith(error["Error"]["Message"])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("service", "action", "protocol", "status", "code"),
    [
        ("ec2", "DescribeVpcs", "ec2", 401, "AuthFailure"),
        ("cloudformation", "DescribeStacks", "query", 403, "SignatureDoesNotMatch"),
        ("stepfunctions", "ListStateMachines", "json", 403, "InvalidSignatureException"),
        ("lambda", "ListFunctions", "rest-json", 403, "InvalidSignatureException"),
        ("s3", "ListBuckets", "rest-xml", 400, "AuthorizationHeaderMalformed"),
    ],
)
def test_a_region_that_does_not_exist_is_named(
    server: Server, capfd: pytest.CaptureFixture[str], service: str, action: str, protocol: str, status: int, code: str
) -> None:
    asking = client(server, service, "mars-1")
    assert asking.meta.service_model.resolved_protocol == protocol
    error = refused(asking, action)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == status
    assert error["Error"]["Code"] == code
    assert "'mars-1'" in error["Error"]["Message"]
    assert capfd.readouterr() == ("", "")


def test_regions_are_those_of_every_partition_and_of_moto() -> None:
    assert {"cn-north-1", "us-gov-west-1", "eusc-de-east-1"} < known_regions()
    assert set(RegionsAndZonesBackend.zones) < known_regions()


def test_what_fails_is_told_and_where_it_failed_is_in_the_log(
    server: Server, log: Log, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("<surprise>")

    monkeypatch.setattr(SNSBackend, "create_topic", fail)
    error = refused(client(server, "sns"), "CreateTopic", Name="topic")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert error["Error"]["Code"] == "InternalFailure"
    assert "failed at CreateTopic of sns: KeyError: '<surprise>'" in error["Error"]["Message"]
    assert str(log.path) in error["Error"]["Message"]
    assert 'raise KeyError("<surprise>")' in Path(str(log.path)).read_text()
    assert capfd.readouterr() == ("", "")


def test_no_answer_is_a_page(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    connection = HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.request("POST", "/2015-03-31/nothing", headers={"Authorization": signature("lambda")})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (501, "application/json")
    assert b"POST /2015-03-31/nothing of lambda" in answer.read()
    connection.close()
    assert capfd.readouterr() == ("", "")


def signature(service: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-1/{service}/aws4_request, Signature=0"


def test_a_log_without_a_disk_loses_lines_and_ends_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    log.path = tmp_path / "gone" / "log"
    log.write("lost", io.UnsupportedOperation())
    assert list(tmp_path.iterdir()) == [tmp_path / "log"]


def test_threads_and_libraries_complain_in_the_log(log: Log, capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise AttributeError("'NoneType' object has no attribute 'stop'")

    with log.taking_all():
        thread = threading.Thread(target=fail, name="map")
        thread.start()
        thread.join()
        logging.getLogger("moto.stepfunctions").error("Unhandled <error>")
    written = Path(str(log.path)).read_text()
    assert "map ended with AttributeError: 'NoneType' object has no attribute 'stop'\n" in written
    assert "moto.stepfunctions: Unhandled <error>\n" in written
    assert capfd.readouterr() == ("", "")
