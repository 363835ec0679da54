"""EC2's offers of zones and types, and the advice for a typo. botocore's models validate both directions."""

import pytest
from botocore.stub import Stubber

from odcr_cli.account import Account, Place
from odcr_cli.tables.offers import Offers, look_up

ZONES = [
    {"ZoneName": "us-west-2a", "ZoneId": "usw2-az1", "OptInStatus": "opt-in-not-required", "GroupName": "us-west-2"},
    {"ZoneName": "us-west-2b", "ZoneId": "usw2-az2", "OptInStatus": "opt-in-not-required", "GroupName": "us-west-2"},
    {
        "ZoneName": "us-west-2-lax-1a",
        "ZoneId": "usw2-lax1-az1",
        "OptInStatus": "opted-in",
        "GroupName": "us-west-2-lax-1",
    },
    {
        "ZoneName": "us-west-2-las-1a",
        "ZoneId": "usw2-las1-az1",
        "OptInStatus": "not-opted-in",
        "GroupName": "us-west-2-las-1",
    },
]
OFFERED = {"us-west-2a": ["m5.large", "r5b.2xlarge"], "us-west-2b": ["m5.large"], "us-west-2-lax-1a": ["c5.large"]}


@pytest.fixture(scope="module")
def account() -> Account:
    return Account(Place(endpoint_url="http://127.0.0.1:9"))


@pytest.fixture(scope="module")
def offers(account: Account) -> Offers:
    pages = [
        [{"InstanceType": type_, "LocationType": "availability-zone", "Location": zone} for type_ in types]
        for zone, types in OFFERED.items()
    ]
    with Stubber(account.client("ec2", "us-west-2")) as stubber:
        stubber.add_response(
            "describe_availability_zones", {"AvailabilityZones": ZONES}, {"AllAvailabilityZones": True}
        )
        for place, page in enumerate(pages):
            asked = {"LocationType": "availability-zone"} | ({"NextToken": f"{place}"} if place else {})
            more = {"NextToken": f"{place + 1}"} if place + 1 < len(pages) else {}
            stubber.add_response("describe_instance_type_offerings", {"InstanceTypeOfferings": page} | more, asked)
        offers = look_up(account, ["us-west-2a", "usw2-az2", "us-west-2-lax-1a", "mars-1a"])
        stubber.assert_no_pending_responses()
    return offers


@pytest.mark.parametrize(
    ("instance_type", "zone"),
    [
        ("m5.large", "us-west-2a"),
        ("m5.large", "usw2-az2"),
        ("c5.large", "us-west-2-lax-1a"),
        ("c5.large", "usw2-lax1-az1"),
        # A Region that was not asked.
        ("x9.huge", "eu-west-1a"),
    ],
)
def test_what_is_offered_has_no_fault(offers: Offers, instance_type: str, zone: str) -> None:
    assert offers.fault(instance_type, zone) == ""


@pytest.mark.parametrize(
    ("instance_type", "zone", "fault"),
    [
        ("r5b.2xlarge", "usw2-az2", "us-west-2b does not offer r5b.2xlarge. It is offered in us-west-2a."),
        ("m5.lrage", "us-west-2b", "EC2 has no type m5.lrage in us-west-2. Did you mean m5.large or c5.large?"),
        ("zzz", "us-west-2b", "EC2 has no type zzz in us-west-2. Correct it."),
        ("m5.large", "us-west-2c", "has no zone us-west-2c for this account. It has us-west-2-lax-1a, us-west-2a, us"),
        ("m5.large", "usw2-az9", "It has usw2-az1, usw2-az2, usw2-lax1-az1."),
        ("c5.large", "us-west-2-las-1a", "is not enabled for this account. Enable its zone group us-west-2-las-1"),
        ("m5.large", "us-wset-2a", "There is no zone us-wset-2a. Did you mean us-west-2a?"),
        ("m5.large", "us-west-2", "us-west-2 is a Region, not a zone. Write one of its zones, such as us-west-2a."),
        ("m5.large", "mars-1a", "There is no zone mars-1a. Write a zone such as"),
        ("m5.large", "", "There is no zone . Write a zone"),
    ],
)
def test_a_pool_that_does_not_exist_gets_advice(offers: Offers, instance_type: str, zone: str, fault: str) -> None:
    assert fault in offers.fault(instance_type, zone)


def test_an_id_is_the_zone_of_its_name(offers: Offers) -> None:
    assert [offers.zone_name(zone) for zone in ("usw2-az1", "us-west-2a", "euw1-az1")] == [
        "us-west-2a",
        "us-west-2a",
        "euw1-az1",
    ]


def test_a_region_that_refuses_does_not_stop_the_others(account: Account) -> None:
    with Stubber(account.client("ec2", "eu-west-1")) as stubber:
        stubber.add_client_error("describe_availability_zones", "UnauthorizedOperation", "not you", 403)
        offers = look_up(account, ["eu-west-1a"])
    assert offers.by_region == {}
    assert "the right to DescribeAvailabilityZones" in offers.unreachable["eu-west-1"]
    assert offers.fault("m5.large", "eu-west-1z") == ""
