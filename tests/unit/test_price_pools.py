"""How the price list names what EC2 reserves: every platform, every kind of zone."""

import re
from typing import Any

import boto3
import pytest

from odcr.domain.price_pools import OPERATIONS, TENANCIES, PricePool, price_pool, price_region
from odcr.domain.target import ReservationOptions, TargetKey

WITHOUT_EDITION = "Windows with SQL Server"


@pytest.fixture(scope="module")
def ec2() -> Any:
    """botocore's model of EC2, with its documentation."""
    return boto3.Session().client("ec2", region_name="us-east-1").meta.service_model


def test_every_platform_and_tenancy_of_a_reservation_is_known_or_known_to_be_unclear(ec2: Any) -> None:
    platforms = set(ec2.shape_for("CapacityReservationInstancePlatform").enum)
    assert platforms - OPERATIONS.keys() == {WITHOUT_EDITION}
    assert OPERATIONS.keys() <= platforms
    assert TENANCIES.keys() == set(ec2.shape_for("CapacityReservationTenancy").enum)


def test_every_operation_is_one_of_ec2_s_and_no_two_platforms_share_one(ec2: Any) -> None:
    """DescribeInstances documents the operations that it can filter by."""
    documented = ec2.shape_for("DescribeInstancesRequest").members["Filters"].documentation
    (usage,) = re.findall(r"<code>usage-operation</code> - (.*?)</li>", documented)
    known = set(re.findall(r"RunInstances(?::\w+)?", usage))
    assert set(OPERATIONS.values()) <= known
    assert len(set(OPERATIONS.values())) == len(OPERATIONS)
    # Brought licences, which a reservation's platform does not tell of.
    assert known - set(OPERATIONS.values()) == {"RunInstances:00g0", "RunInstances:0800"}


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("ap-northeast-1c", "ap-northeast-1"),
        ("apne1-az1", "ap-northeast-1"),
        (" AP-Northeast-1C ", "ap-northeast-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
        ("cn-north-1a", "cn-north-1"),
        ("us-west-2-lax-1a", "us-west-2-lax-1"),
        ("us-west-2-lax-1b", "us-west-2-lax-1"),
        ("usw2-lax1-az1", "us-west-2-lax-1"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1-wl1-bos-wlz-1"),
        ("use1-wl1-bos-wlz1", "use1-wl1-bos-wlz1"),
        ("eu-west-3-cmn-wlz-1a", "eu-west-3-cmn-wlz-1a"),
    ],
)
def test_a_zone_has_the_prices_of_its_region_or_of_its_own(zone: str, region: str) -> None:
    pool = price_pool(TargetKey("m5.large", zone), ReservationOptions("Windows", "dedicated"))
    assert pool == PricePool("m5.large", region, "Windows", "dedicated")


def test_what_is_no_zone_has_no_price() -> None:
    assert price_region("nonsense") is None
    assert price_pool(TargetKey("m5.large", "nonsense"), ReservationOptions()) is None


def test_a_pool_is_one_product() -> None:
    assert PricePool("m5.large", "us-east-1", "Windows", "dedicated").product == {
        "instanceType": "m5.large",
        "regionCode": "us-east-1",
        "tenancy": "Dedicated",
        "operation": "RunInstances:0002",
        "capacitystatus": "Used",
    }


@pytest.mark.parametrize(
    "pool",
    [PricePool("m5.large", "us-east-1", platform) for platform in (WITHOUT_EDITION, "windows", "", "BeOS")]
    + [PricePool("m5.large", "us-east-1", tenancy="host")],
)
def test_what_the_list_cannot_tell_apart_is_no_product(pool: PricePool) -> None:
    assert pool.product is None
