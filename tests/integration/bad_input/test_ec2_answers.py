from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.httpsession import URLLib3Session

from tests.integration.bad_input.broken_ec2 import Answer, BrokenEc2, error
from tests.integration.bad_input.kinds_of_ec2_answers import (
    CREATE,
    DESCRIBE,
    EC2_ANSWERS,
    NOT_AUTHORIZED,
    AnswerKind,
    item,
    reservation,
    reservations,
)
from tests.integration.bad_input.product import ABROAD, UNHARMED, Product, forget_types

ROW = ("r5b.2xlarge", "us-east-1a")


@pytest.fixture
def rows(product: Product) -> Product:
    """The good row at home, another abroad, and functions that remember no answer."""
    forget_types()
    product.insert_good_row()
    product.insert(*ROW, 5)
    return product


@contextmanager
def answering(action: str, given: Answer, region: str = ABROAD) -> Iterator[BrokenEc2]:
    """EC2 gives this answer in one Region."""
    broken = BrokenEc2(region, action, given)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(URLLib3Session, "send", lambda session, request: broken.send(session, request))
        yield broken


@pytest.mark.parametrize("kind", EC2_ANSWERS, ids=lambda kind: kind.name)
def test_a_bad_answer_is_explained_and_does_no_harm(rows: Product, kind: AnswerKind) -> None:
    with answering(kind.action, kind.given) as broken:
        status = rows.run()[ROW]
    assert broken.asked > 0
    assert rows.seen() == UNHARMED
    assert (status.status, status.reserved) == (kind.status, 0)
    for words in kind.says:
        assert words in status.reason
    (message,) = rows.announced
    assert status.reason in message

    # Once EC2 answers again, the row is served; an unsupported one is asked for later.
    if kind.status == "UNSUPPORTED":
        assert rows.run()[ROW].status == "UNSUPPORTED"
        rows.sql("UPDATE odcr_status SET Last_Tried = Last_Tried - INTERVAL 11 MINUTE")
    assert rows.run()[ROW].status == "FULFILLED"


@pytest.mark.parametrize("action", [CREATE, DESCRIBE])
def test_the_log_has_the_whole_message_of_ec2(rows: Product, action: str, caplog: pytest.LogCaptureFixture) -> None:
    with answering(action, error(403, "UnauthorizedOperation", NOT_AUTHORIZED)):
        rows.run()
    assert NOT_AUTHORIZED in "".join(str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("is_deleted", [False, True], ids=["wanted", "its row deleted"])
def test_what_is_held_is_not_forgotten_while_a_region_cannot_be_asked(rows: Product, is_deleted: bool) -> None:
    rows.run()
    rows.sql("UPDATE odcr_status SET Last_Tried = '2026-01-01', Since = '2026-01-01'")
    if is_deleted:
        rows.sql("DELETE FROM odcr_capacity WHERE AvailabilityZone = 'us-east-1a'")
    with answering(DESCRIBE, error(500, "InternalError", "An internal error has occurred")):
        statuses = rows.run()
    assert ROW in statuses
    assert (statuses[ROW].status, statuses[ROW].reserved) == ("FAILED", 5)
    current = rows.sql("SELECT Current_Capacity FROM odcr_capacity WHERE AvailabilityZone = 'us-east-1a'")
    assert current == (() if is_deleted else ((5,),))


@pytest.mark.parametrize(
    ("lacking", "unclear"),
    [
        ({"availabilityZone": ""}, {("r5b.2xlarge", "us-east-1a"), ("r5b.2xlarge", "us-east-1b")}),
        ({"totalInstanceCount": ""}, {("r5b.2xlarge", "us-east-1a")}),
        ({"capacityReservationId": ""}, {("r5b.2xlarge", "us-east-1a")}),
        ({"state": ""}, {("r5b.2xlarge", "us-east-1a")}),
        ({"instanceType": ""}, {("r5b.2xlarge", "us-east-1a"), ("c5.large", "us-east-1a")}),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_only_what_a_partial_description_may_be_about_waits(
    rows: Product, lacking: dict[str, str], unclear: set[tuple[str, str]]
) -> None:
    pools = [ROW, ("r5b.2xlarge", "us-east-1b"), ("c5.large", "us-east-1a"), ("c5.large", "us-east-1b")]
    for instance_type, zone in pools:
        rows.capacity.set_free(instance_type, zone, 100)
        if (instance_type, zone) != ROW:
            rows.insert(instance_type, zone, 3)
    with answering(DESCRIBE, item(**lacking)):
        statuses = rows.run()
    assert {key for key in pools if statuses[key].status == "FAILED"} == unclear
    assert {key for key in pools if statuses[key].status == "FULFILLED"} == {*pools} - unclear
    assert {(*key, 3) for key in pools if key not in unclear} <= set(rows.bought())
    assert not [one for one in rows.bought() if one[:2] in unclear]
    # Once EC2 describes everything, they are served as well.
    statuses = rows.run()
    assert {statuses[key].status for key in pools} == {"FULFILLED"}


@pytest.mark.parametrize("releases", ["no", "yes"])
def test_hundreds_of_reservations_are_recorded_and_none_is_given_back(
    rows: Product, releases: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASE_ON_LOWERED_TARGET", releases)
    tag = "<item><key>{}</key><value>{}</value></item>"
    described = "".join(
        f"<item>{reservation(capacityReservationId=f'cr-{number:017x}', totalInstanceCount='1')}"
        f"<ownerId>123456789012</ownerId><tagSet>{tag.format('odcr:stack', 'odcr/ap-northeast-1')}"
        f"{tag.format('odcr:made', f'{number:064x}')}</tagSet></item>"
        for number in range(800)
    )
    rows.sql("UPDATE odcr_capacity SET Target_Capacity = 800 WHERE AvailabilityZone = 'us-east-1a'")
    with answering(DESCRIBE, reservations(described)):
        statuses = rows.run()
        assert rows.seen().good_row == UNHARMED.good_row
        assert (statuses[ROW].status, statuses[ROW].reserved) == ("FULFILLED", 800)
        ((ids,),) = rows.sql("SELECT Reservation_Ids FROM odcr_status WHERE AvailabilityZone = 'us-east-1a'")
        assert (ids.split(",")[-1], ids.count("cr-")) == ("300 more", 500)
        # If the list were taken for complete, 300 would look like duplicates.
        rows.sql("UPDATE odcr_capacity SET Target_Capacity = 700 WHERE AvailabilityZone = 'us-east-1a'")
        for _ in range(3):
            statuses = rows.run()
            assert (statuses[ROW].status, statuses[ROW].reserved) == ("EXCESS", 800)
            assert "the next run releases" not in statuses[ROW].reason
    assert rows.seen() == UNHARMED
