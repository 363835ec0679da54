"""Rows with unknown Regions, with zone ids, and rows whose spelling changes, through the real handlers."""

import socket
import threading
import time
from typing import Any

import boto3
import pytest
from botocore.config import Config

from odcr.gateways import ec2_clients, ec2_regions
from odcr.gateways.ec2_regions import known_regions
from tests.integration.bad_input.broken_ec2 import answer, error
from tests.integration.bad_input.kinds_of_ec2_answers import DESCRIBE
from tests.integration.bad_input.product import GOOD, UNHARMED, Product, Status, forget
from tests.integration.bad_input.test_ec2_answers import answering

ROW = ("r5b.2xlarge", "ap-northeast-1c")
BY_ID = ("r5b.2xlarge", "apne1-az1")
INVENTED = [f"ap-xa{letter}-{number}" for letter in "abcdefghijklmnopqrst" for number in range(1, 6)]


@pytest.fixture
def rows(product: Product) -> Product:
    forget()
    product.insert_good_row()
    return product


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Looks Regions that botocore does not know up in a DNS on this machine, which behaves as the test says.

    Known Regions are at the local cloud's endpoint.
    """
    behaviour: dict[str, Any] = {"answer": lambda: None, "asked": set()}
    make, look_up = ec2_clients._new_client, socket.getaddrinfo

    def new_client(region: str, attempts: int, connect_timeout: float, read_timeout: float) -> Any:
        if region in known_regions():
            return make(region, attempts, connect_timeout, read_timeout)
        config = Config(
            ignore_configured_endpoint_urls=True,
            proxies={},
            retries={"total_max_attempts": attempts},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
        return boto3.client("ec2", region_name=region, config=config)

    def getaddrinfo(host: str, *args: Any, **more: Any) -> Any:
        if "amazonaws" not in str(host):
            return look_up(host, *args, **more)
        behaviour["asked"].add(host)
        behaviour["answer"]()
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(ec2_clients, "_new_client", new_client)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return behaviour


def insert_invented(product: Product) -> None:
    for region in INVENTED:
        product.insert("r5b.2xlarge", f"{region}a", 5)


def test_a_hundred_unknown_regions_delay_no_other_row_and_are_reported_in_turn(
    rows: Product, dns: dict[str, Any]
) -> None:
    insert_invented(rows)
    begun = time.monotonic()
    statuses = rows.run()
    assert time.monotonic() - begun < 20
    assert rows.seen() == UNHARMED
    assert len(dns["asked"]) == ec2_regions.MAX_UNKNOWN
    invalid = [status for key, status in statuses.items() if status.status == "INVALID"]
    waiting = [status for key, status in statuses.items() if status.status == "FAILED"]
    assert (len(invalid), len(waiting)) == (ec2_regions.MAX_UNKNOWN, 100 - ec2_regions.MAX_UNKNOWN)
    assert all("there is no Region 'ap-x" in status.reason for status in invalid)
    assert all("One of the next runs looks for it" in status.reason for status in waiting)
    rows.run()
    assert len(dns["asked"]) > ec2_regions.MAX_UNKNOWN


def test_a_mistyped_region_is_reported_with_the_most_similar_one(rows: Product, dns: dict[str, Any]) -> None:  # noqa: ARG001
    rows.insert("r5b.2xlarge", "ap-notheast-1c", 5)
    status = rows.run()["r5b.2xlarge", "ap-notheast-1c"]
    assert (status.status, status.reserved) == ("INVALID", 0)
    assert "Correct the zone: there is no Region 'ap-notheast-1'. Did you mean ap-northeast-1" in status.reason


def test_a_dns_without_an_answer_does_not_make_a_region_unknown(
    rows: Product, dns: dict[str, Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(ec2_regions, "UNKNOWN_SECONDS", 0.5)
    end = threading.Event()
    dns["answer"] = end.wait
    try:
        rows.insert("r5b.2xlarge", "ap-northwest-1a", 5)
        status = rows.run()["r5b.2xlarge", "ap-northwest-1a"]
    finally:
        end.set()
    assert (status.status, rows.seen()) == ("FAILED", UNHARMED)
    assert "ap-northwest-1 does not say what is held there" in status.reason


def test_what_is_recorded_stays_while_dns_does_not_know_the_region(rows: Product, dns: dict[str, Any]) -> None:  # noqa: ARG001
    rows.insert("r5b.2xlarge", "ap-northwest-1a", 5)
    rows.run()
    rows.sql("UPDATE odcr_status SET Status = 'FULFILLED', Reserved = 5, Reservation_Ids = 'cr-1' WHERE Reserved = 0")
    status = rows.run()["r5b.2xlarge", "ap-northwest-1a"]
    assert (status.status, status.reserved) == ("INVALID", 5)


def test_a_row_by_zone_id_is_served_and_reported_by_its_id(rows: Product) -> None:
    rows.insert(*BY_ID, 5)
    rows.capacity.set_free(*ROW, 3)
    assert rows.run()[BY_ID] == Status("SHORT", 3, rows.statuses()[BY_ID].reason)
    rows.capacity.set_free(*ROW, 9)
    assert rows.run()[BY_ID] == Status("FULFILLED", 5, "")
    assert rows.sql("SELECT Current_Capacity FROM odcr_capacity WHERE AvailabilityZone = %s", BY_ID[1:]) == ((5,),)
    assert sorted(rows.bought()) == sorted([(*GOOD, 2), (*ROW, 5)])
    # The next run changes nothing.
    rows.run()
    assert (rows.statuses()[BY_ID].status, rows.announced, len(rows.bought())) == ("FULFILLED", [], 2)


def test_a_local_zone_by_its_id_is_served(rows: Product) -> None:
    rows.capacity.set_free("c5.large", "us-west-2-lax-1a", 4)
    rows.insert("c5.large", "usw2-lax1-az1", 4)
    assert rows.run()["c5.large", "usw2-lax1-az1"].status == "FULFILLED"


def test_one_pool_in_two_rows_is_bought_once(rows: Product) -> None:
    rows.insert(*BY_ID, 7)
    rows.insert(*ROW, 5)
    for _ in range(2):
        statuses = rows.run()
        assert (statuses[ROW].status, statuses[ROW].reserved) == ("FULFILLED", 5)
        assert (statuses[BY_ID].status, statuses[BY_ID].reserved) == ("INVALID", 0)
        assert "ap-northeast-1c asks for its r5b.2xlarge already" in statuses[BY_ID].reason
    assert sorted(rows.bought()) == sorted([(*GOOD, 2), (*ROW, 5)])


def test_a_row_by_id_takes_over_what_is_held_for_the_row_by_name(rows: Product) -> None:
    rows.insert(*ROW, 5)
    rows.run()
    rows.sql("UPDATE odcr_capacity SET AvailabilityZone = 'apne1-az1' WHERE AvailabilityZone = 'ap-northeast-1c'")
    statuses = rows.run()
    assert (statuses[BY_ID].status, statuses[BY_ID].reserved, statuses[ROW].reserved) == ("FULFILLED", 5, 0)
    assert not any("cancel" in message for message in rows.announced)
    assert ROW not in rows.run()
    assert len(rows.bought()) == 2


def test_rows_by_name_are_served_while_the_zones_cannot_be_read(rows: Product) -> None:
    rows.insert(*BY_ID, 5)
    # The good row is in the same Region.
    with answering("DescribeAvailabilityZones", error(403, "UnauthorizedOperation", "No."), region="ap-northeast-1"):
        statuses = rows.run()
    assert rows.seen() == UNHARMED
    assert statuses[BY_ID].status == "FAILED"
    assert "Write the zone's name if this lasts" in statuses[BY_ID].reason
    assert rows.run()[BY_ID].status == "FULFILLED"


SPELLINGS = ["R5B.2xlarge", " r5b.2xlarge", "r5b.2xlarge ", "r5b.2XLARGE\n"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_message_says_to_cancel_what_is_held_for_a_row_whose_spelling_changed(rows: Product, spelling: str) -> None:
    rows.insert(*ROW, 5)
    rows.run()
    rows.sql("UPDATE odcr_capacity SET InstanceType = %s WHERE InstanceType = 'r5b.2xlarge'", (spelling,))
    for _ in range(3):
        rows.run()
        texts = [*rows.announced, *(status.reason for status in rows.statuses().values())]
        assert not any("cancel" in words.lower() or "no row" in words for words in texts)
        status = rows.statuses()[spelling, ROW[1]]
        assert (status.status, status.reserved) == ("INVALID", 5)
        assert "Write it as EC2 does, 'r5b.2xlarge'" in status.reason
    held = [status.reserved for status in rows.statuses().values()]
    assert sorted(held) == [2, 5]
    current = rows.sql("SELECT Current_Capacity FROM odcr_capacity WHERE Target_Capacity = 5")
    assert current == ((5,),)

    rows.sql("UPDATE odcr_capacity SET InstanceType = 'r5b.2xlarge' WHERE Target_Capacity = 5")
    rows.run()
    rows.run()
    assert {key: status.reserved for key, status in rows.run().items()} == {GOOD: 2, ROW: 5}
    assert sorted(rows.bought()) == sorted([(*GOOD, 2), (*ROW, 5)])


@pytest.mark.parametrize("response", [error(503, "RequestLimitExceeded", "Slow down."), answer(DESCRIBE)])
def test_no_shortage_begins_while_what_is_held_cannot_be_described(rows: Product, response: Any) -> None:
    abroad = ("r5b.2xlarge", "us-east-1a")
    rows.insert(*abroad, 5)
    rows.run()
    with answering(DESCRIBE, response):
        rows.run()
    short = "SELECT COUNT(*) FROM odcr_status WHERE Short_Since IS NOT NULL"
    assert rows.statuses()[abroad].status in ("THROTTLED", "FAILED")
    assert rows.sql(short) == ((0,),)
    rows.sql("UPDATE odcr_capacity SET Target_Capacity = 6 WHERE AvailabilityZone = 'us-east-1a'")
    with answering(DESCRIBE, response):
        rows.run()
    assert rows.sql(short) == ((1,),)


@pytest.mark.parametrize(("row", "option"), [(ROW, "apne1-az1"), (BY_ID, "ap-northeast-1c")])
def test_options_apply_however_they_spell_the_zone(rows: Product, row: tuple[str, str], option: str) -> None:
    rows.insert(*row, 5)
    rows.sql(
        "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform) VALUES ('r5b.2xlarge', %s, 'Windows')",
        (option,),
    )
    assert rows.run()[row].status == "FULFILLED"
    (reservation,) = [
        described
        for described in rows.observers[0].describe_capacity_reservations()["CapacityReservations"]
        if described["InstanceType"] == "r5b.2xlarge"
    ]
    assert (reservation["InstancePlatform"], reservation["TotalInstanceCount"]) == ("Windows", 5)
    rows.run()
    assert (rows.statuses()[row].status, len(rows.bought())) == ("FULFILLED", 2)
