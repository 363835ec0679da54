"""How the price list names what EC2 reserves: every platform, every kind of zone."""

import re
from datetime import datetime
from typing import Any

import boto3
import pytest

from odcr.domain.costs import Standing, start_of_update
from odcr.domain.price_pools import OPERATIONS, TENANCIES, PricePool, pools_under_caps, price_pool, price_region
from odcr.domain.prices import NO_PRICES
from odcr.domain.target import Member, ReservationOptions, Target, TargetKey, Terms, group_key

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


def test_an_invalid_zone_has_no_price() -> None:
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
def test_a_pool_that_the_list_cannot_tell_apart_has_no_product(pool: PricePool) -> None:
    assert pool.product is None


def in_group(instance_type: str, zone: str = "us-east-1a") -> TargetKey:
    return TargetKey(instance_type, zone, group="web")


@pytest.mark.parametrize(("has_cap", "own"), [(True, None), (False, "5"), (False, None)])
def test_under_a_cap_all_pools_of_a_group_have_to_have_a_price(*, has_cap: bool, own: str | None) -> None:
    members = (
        Member(in_group("m5.large")),
        Member(in_group("m5.large", "use1-az2")),
        Member(in_group("c5.large", "us-west-2-lax-1a"), is_removed=True, last_reserved=2),
        # What makes no sense has no price, and harms nobody.
        Member(in_group("large one"), fault="Correct its InstanceType."),
        Member(in_group("m5.large", "moon"), fault="Correct its AvailabilityZone."),
    )
    group = Target(
        group_key("web"), 9, options=ReservationOptions("Windows"), terms=Terms(max_hourly_cost=own), members=members
    )
    pools = [
        PricePool("m5.large", "us-east-1", "Windows"),
        PricePool("m5.large", "us-east-1", "Windows"),
        PricePool("c5.large", "us-west-2-lax-1", "Windows"),
    ]
    assert pools_under_caps([group], has_cap=has_cap) == (pools if has_cap or own else [])


def test_the_price_of_a_group_s_pool_is_looked_for_at_once_as_long_as_the_group_is_wanted() -> None:
    def started(wanted: int, status: str = "SHORT", of_pool: str = "FULFILLED") -> bool:
        whole = Standing(group_key("web"), status, wanted, 0)
        pool = Standing(in_group("m5.large"), of_pool, 0, 0, platform="Linux/UNIX", tenancy="default")
        return start_of_update([whole, pool], NO_PRICES, datetime(2026, 11, 26)) is not None  # noqa: DTZ001 - as in the table

    assert started(9)
    assert started(9, "CAPPED", "UNSUPPORTED")
    assert not started(0)
    assert not started(9, "INVALID")
    assert not started(9, of_pool="INVALID")
