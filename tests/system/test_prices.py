"""The deployed UpdatePrices: it looks up the targets' prices in the price list and writes them to the table."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deployment.stack import Stack
from localcloud.iam.accesses import Access
from localcloud.iam.roles import rights_of
from tests.system.executions import states


@pytest.fixture
def priced(stack: Stack) -> Iterator[Stack]:
    """A stack with the initial price list."""
    stack.cloud.prices.reset()
    yield stack
    stack.cloud.prices.reset()


def start(stack: Stack) -> str:
    machine = stack.outputs["UpdatePricesArn"]
    started = stack.client("stepfunctions").start_execution(stateMachineArn=machine, name=f"by-hand-{time.time_ns()}")
    return str(started["executionArn"])


def update(stack: Stack) -> list[str]:
    return states_of_success(stack, start(stack))


def run(stack: Stack) -> list[str]:
    return states_of_success(stack, stack.start_run())


def states_of_success(stack: Stack, execution: str) -> list[str]:
    """Waits for an execution to succeed, and returns its states."""
    ended = stack.wait(execution)
    assert ended["status"] == "SUCCEEDED", ended
    return states(stack, execution)


def prices(stack: Stack) -> tuple[tuple[Any, ...], ...]:
    return stack.sql(
        "SELECT InstanceType, Region, Platform, Hourly_Price, Currency, Source FROM odcr_price "
        "ORDER BY InstanceType, Region"
    )


def test_targets_get_their_prices_and_a_price_given_by_hand_stays(priced: Stack) -> None:
    assert priced.run()["status"] == "SUCCEEDED"
    assert update(priced) == ["LoadPools", "IsAPriceNeeded", "NoPriceIsNeeded"]
    for key in (
        "'c6i.large', 'us-east-1a'",
        "'m5.large', 'us-east-1a'",
        "'m5.large', 'us-east-1b'",
        "'m5.xlarge', 'eu-west-1a'",
        "'r5.large', 'us-east-1a'",
    ):
        priced.sql(f"INSERT INTO odcr_capacity VALUES ({key}, 1, 0)")
    priced.sql(
        "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform) "
        "VALUES ('r5.large', 'us-east-1a', 'Windows')"
    )
    priced.sql("INSERT INTO odcr_price (InstanceType, Region, Hourly_Price) VALUES ('m5.large', 'us-east-1', 0.05)")
    priced.cloud.prices.set("c6i.large", "us-east-1", None)
    given = ("m5.large", "us-east-1", "Linux/UNIX", Decimal("0.050000"), "USD", "given")
    others = [
        ("m5.xlarge", "eu-west-1", "Linux/UNIX", Decimal("0.200000"), "USD", "list"),
        ("r5.large", "us-east-1", "Windows", Decimal("0.200000"), "USD", "list"),
    ]
    unknown = ("c6i.large", "us-east-1", "Linux/UNIX", None, "USD", "list")
    # Two executions side by side write the same.
    both = [start(priced), start(priced)]
    assert [priced.wait(execution)["status"] for execution in both] == ["SUCCEEDED"] * 2
    assert prices(priced) == (unknown, given, *others)

    priced.cloud.prices.set("c6i.large", "us-east-1", "0.085")
    priced.cloud.prices.refuse("InvalidParameterException", 1)
    assert update(priced) == ["LoadPools", "IsAPriceNeeded", "FetchPrices", "RecordPrices"]
    # The first request was refused, so that price stays as it was.
    known = (*unknown[:3], Decimal("0.085000"), *unknown[4:])
    assert prices(priced) in ((unknown, given, *others), (known, given, *others))
    update(priced)
    assert prices(priced) == (known, given, *others)


def test_the_price_of_a_new_target_is_looked_up_at_once_and_its_cost_follows(priced: Stack) -> None:
    run(priced)
    priced.sql("INSERT INTO odcr_capacity VALUES ('m5.xlarge', 'eu-west-1a', 3, 0), ('c5.large', 'us-east-1a', 2, 0)")
    priced.cloud.prices.set("c5.large", "us-east-1", None)
    for key in (("m5.xlarge", "eu-west-1a"), ("c5.large", "us-east-1a")):
        priced.cloud.capacity.set_free(*key, 3)
    costs = "SELECT Reserved, Platform, Hourly_Cost FROM odcr_status ORDER BY InstanceType DESC"
    assert "StartUpdatePrices" in run(priced)
    assert priced.sql(costs) == ((3, "Linux/UNIX", None), (2, "Linux/UNIX", None))
    machine = priced.outputs["UpdatePricesArn"]
    executions = priced.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    newest = max(executions, key=lambda execution: execution["startDate"])
    assert newest["name"].startswith("wanted-")
    assert states_of_success(priced, newest["executionArn"])[-1] == "RecordPrices"
    # A price that the list lacks is not looked up again, and a run with nothing new enters no further state.
    for _ in range(2):
        assert run(priced)[-1] == "AnnounceChanges"
        assert priced.sql(costs) == ((3, "Linux/UNIX", Decimal("0.6")), (2, "Linux/UNIX", None))


def test_only_fetch_prices_may_ask_for_prices(stack: Stack) -> None:
    def role(function: str) -> str:
        name = f"{stack.name}-{function}"
        return str(stack.client("lambda").get_function_configuration(FunctionName=name)["Role"])

    asking = Access("pricing:GetProducts")
    functions = ("LoadTargets", "FindShortfalls", "ReserveCapacity", "RecordResults", "RecordPrices", "FetchPrices")
    assert [name for name in functions if rights_of(role(name)).allows(asking)] == ["FetchPrices"]
    secret = Access("secretsmanager:GetSecretValue", stack.outputs["DatabaseSecretArn"])
    assert not rights_of(role("FetchPrices")).allows(secret)
    assert rights_of(role("RecordPrices")).allows(secret)
    # The local cloud enforces it.
    for function, is_allowed in (("FetchPrices", True), ("RecordPrices", False)):
        assumed = stack.client("sts").assume_role(RoleArn=role(function), RoleSessionName="test")["Credentials"]
        session = boto3.Session(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
        client = session.client("pricing", region_name="us-east-1", endpoint_url=stack.cloud.endpoint)
        if is_allowed:
            assert client.get_products(ServiceCode="AmazonEC2")["PriceList"] == []
        else:
            with pytest.raises(ClientError, match="is not authorized to perform: pricing:GetProducts"):
                client.get_products(ServiceCode="AmazonEC2")
