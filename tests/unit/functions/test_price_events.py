"""FetchPrices and RecordPrices: their events."""

import pytest

import fetch_prices
import record_prices
from odcr.domain.wire import InvalidEvent
from odcr.settings import InvalidSettings
from tests.integration.bad_input.product import Context

KEY = {"InstanceType": "m5.large", "Region": "us-east-1"}


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "Execution"),
        ({"Execution": "run-1"}, "Pools"),
        ({"Execution": "run-1", "Pools": {}}, "Pools"),
        ({"Execution": "run-1", "Pools": [{"InstanceType": "m5.large"}]}, "Region"),
        ({"Execution": "run-1", "Pools": ["m5.large"]}, "InstanceType"),
        ({"Execution": "run-1", "Pools": [KEY | {"Platform": 1}]}, "Platform"),
    ],
)
def test_a_bad_event_of_fetch_prices_is_named(event: object, field: str) -> None:
    with pytest.raises(InvalidEvent, match=f"'{field}'"):
        fetch_prices.handler(event, Context())


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({}, "Execution"),
        ({"Execution": 1}, "Execution"),
        ({"Execution": "run-1", "Prices": "free"}, "Prices"),
        ({"Execution": "run-1", "Prices": [KEY | {"HourlyPrice": 0.1}]}, "HourlyPrice"),
        ({"Execution": "run-1", "Prices": [KEY | {"HourlyPrice": "cheap"}]}, "HourlyPrice"),
    ],
)
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_bad_event_of_record_prices_is_named(event: object, field: str) -> None:
    with pytest.raises(InvalidEvent, match=f"'{field}'"):
        record_prices.handler(event, Context())


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AWS_REGION", "DATABASE_SECRET_ARN"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(InvalidSettings, match="AWS_REGION is not set"):
        fetch_prices.handler({"Execution": "run-1", "Pools": []}, Context())
    with pytest.raises(InvalidSettings, match="DATABASE_SECRET_ARN is not set"):
        record_prices.handler({"Execution": "run-1"}, Context())
