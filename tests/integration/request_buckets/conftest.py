"""The DynamoDB table that all attempts share; moto stands in for DynamoDB."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from localcloud.extensions import dynamodb
from odcr.gateways import request_buckets


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    request_buckets.client.cache_clear()
    dynamodb.install()
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="buckets",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "Bucket", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "Bucket", "KeyType": "HASH"}],
        )
        yield
    request_buckets.client.cache_clear()
