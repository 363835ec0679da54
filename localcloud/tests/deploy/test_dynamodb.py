"""DynamoDB tables: one write at a time, and deleted with their stack."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from localcloud.tests.deploy.conftest import Cloud
from localcloud.tests.deploy.stacks import create

WRITERS, STEPS, MOST = 8, 25, 100
TABLE = {
    "Type": "AWS::DynamoDB::Table",
    "Properties": {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "Name", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "Name", "KeyType": "HASH"}],
    },
}
OUTPUTS = {"Name": {"Value": {"Ref": "Counters"}}, "Arn": {"Value": {"Fn::GetAtt": "Counters.Arn"}}}


@pytest.fixture
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    """Those of a stack with one table."""
    made = create(cloud, "counters", {"Resources": {"Counters": TABLE}, "Outputs": OUTPUTS})["Outputs"]
    yield {output["OutputKey"]: output["OutputValue"] for output in made}
    cloud.client("cloudformation").delete_stack(StackName="counters")


def test_it_comes_and_goes_with_its_stack(cloud: Cloud, outputs: dict[str, str]) -> None:
    tables = cloud.client("dynamodb")
    table = tables.describe_table(TableName=outputs["Name"])["Table"]
    assert (table["TableArn"], table["TableStatus"]) == (outputs["Arn"], "ACTIVE")
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    cloud.client("cloudformation").delete_stack(StackName="counters")
    with pytest.raises(tables.exceptions.ResourceNotFoundException):
        tables.describe_table(TableName=outputs["Name"])


def test_a_condition_holds_until_what_it_allows_is_written(cloud: Cloud, outputs: dict[str, str]) -> None:
    tables = cloud.client("dynamodb")

    def count(_: int) -> tuple[bool, int]:
        try:
            answer = tables.update_item(
                TableName=outputs["Name"],
                Key={"Name": {"S": "one"}},
                UpdateExpression="ADD Steps :one",
                ConditionExpression="attribute_not_exists(Steps) OR Steps < :most",
                ExpressionAttributeValues={":one": {"N": "1"}, ":most": {"N": f"{MOST}"}},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except tables.exceptions.ConditionalCheckFailedException as refused:
            return False, int(refused.response["Item"]["Steps"]["N"])
        return True, int(answer["Attributes"]["Steps"]["N"])

    with ThreadPoolExecutor(WRITERS) as writers:
        answers = list(writers.map(count, range(WRITERS * STEPS)))
    assert sorted(steps for is_written, steps in answers if is_written) == list(range(1, MOST + 1))
    assert {steps for is_written, steps in answers if not is_written} == {MOST}
