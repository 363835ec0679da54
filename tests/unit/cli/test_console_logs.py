"""Which lines of a function's log the page asks for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from odcr_cli.account import Account, Place
from odcr_cli.console.state_functions import request_of
from odcr_cli.execution_graph.details import ShownText, VisitDetails
from odcr_cli.execution_graph.visits import Status
from odcr_cli.source import LiveSource
from tests.unit.cli.fake_source import STACK

GROUP = "/aws/lambda/odcr-ReserveCapacity"
START = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)
END = START + timedelta(seconds=9)
FROM, TO = 1794340800000, 1794340810000
REQUEST = "0c9f1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"


def live(endpoint: str | None = "http://127.0.0.1:9") -> LiveSource:
    account = Account(Place(region="eu-west-1", endpoint_url=endpoint))
    account.__dict__["stack"] = STACK
    return LiveSource(account)


def events(*timestamps: int) -> list[dict[str, Any]]:
    return [
        {"timestamp": timestamp, "message": str(timestamp), "logStreamName": "one", "eventId": str(timestamp)}
        for timestamp in timestamps
    ]


def asked(limit: int, **more: Any) -> dict[str, Any]:
    return {"logGroupName": GROUP, "startTime": FROM, "endTime": TO, "limit": limit, **more}


def test_an_empty_page_of_log_events_is_not_the_end() -> None:
    source = live()
    with Stubber(source.account.client("logs")) as aws:
        # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
        aws.add_response("filter_log_events", {"events": [], "nextToken": "a"}, asked(200))
        aws.add_response("filter_log_events", {"events": events(3), "nextToken": "b"}, asked(200, nextToken="a"))
        aws.add_response("filter_log_events", {"events": events(1, 2)}, asked(200, nextToken="b"))
        lines = source.log_lines("ReserveCapacity", START, END, request="", limit=200)
        assert [line["timestamp"] for line in lines] == [1, 2, 3]
        aws.assert_no_pending_responses()


def test_no_more_pages_are_read_than_are_shown() -> None:
    source = live()
    with Stubber(source.account.client("logs")) as aws:
        aws.add_response("filter_log_events", {"events": events(1, 2), "nextToken": "a"}, asked(2))
        assert source.log_lines("ReserveCapacity", START, END, limit=2, request="") == [
            {"timestamp": 1, "message": "1"},
            {"timestamp": 2, "message": "2"},
        ]


@mock_aws
def test_a_requests_log_has_only_its_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    logs = boto3.client("logs", "eu-west-1")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="one")
    start = datetime.now(UTC).replace(microsecond=0)
    own = [f"START RequestId: {REQUEST} Version: $LATEST", json.dumps({"message": "a", "function_request_id": REQUEST})]
    lines = [own[0], '{"message":"b","function_request_id":"another"}', own[1]]
    at = int(start.timestamp() * 1000)
    sent = [{"timestamp": at + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=sent)
    source = live(None)
    shown = source.log_lines("ReserveCapacity", start, start, request=REQUEST, limit=200)
    assert [line["message"] for line in shown] == own
    shown = source.log_lines("ReserveCapacity", start, start, request="", limit=200)
    assert [line["message"] for line in shown] == lines


@pytest.mark.parametrize(
    ("cause", "request_id"),
    [
        (json.dumps({"errorMessage": "x", "errorType": "ValueError", "requestId": REQUEST}, indent=2), REQUEST),
        (
            json.dumps({"errorType": "Runtime.OutOfMemory", "errorMessage": f"RequestId: {REQUEST} Error: killed"}),
            REQUEST,
        ),
        (
            json.dumps({"errorMessage": f"2026-11-10T20:00:00.123Z {REQUEST} Task timed out after 60.00 seconds"}),
            REQUEST,
        ),
        (json.dumps({"errorMessage": f"reservation {REQUEST}"}), ""),
        ("Quota exceeded", ""),
        (None, ""),
    ],
)
def test_the_request_that_failed_is_named_by_the_cause(cause: str | None, request_id: str) -> None:
    text = None if cause is None else ShownText(cause, cut=False)
    visit = VisitDetails("", Status.FAILED, START, 1.0, None, None, "E", text, [], (1, 2), "")
    assert request_of(visit) == request_id
