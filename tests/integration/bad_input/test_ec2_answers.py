from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.httpsession import URLLib3Session

from tests.integration.bad_input.broken_ec2 import Answer, BrokenEc2, error
from tests.integration.bad_input.kinds_of_ec2_answers import CREATE, DESCRIBE, EC2_ANSWERS, NOT_AUTHORIZED, AnswerKind
from tests.integration.bad_input.product import ABROAD, UNHARMED, Product, forget

ROW = ("r5b.2xlarge", "us-east-1a")


@pytest.fixture
def rows(product: Product) -> Product:
    """The good row at home, another abroad, and functions that remember no answer."""
    forget()
    product.insert_good_row()
    product.insert(*ROW, 5)
    return product


@contextmanager
def answering(action: str, given: Answer, region: str = ABROAD) -> Iterator[BrokenEc2]:
    """EC2 answers so in one Region."""
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

    # When EC2 answers again the row is served like any other; what it does not support is asked after a rest.
    if kind.status == "UNSUPPORTED":
        assert rows.run()[ROW].status == "UNSUPPORTED"
        rows.sql("UPDATE odcr_status SET Last_Tried = Last_Tried - INTERVAL 11 MINUTE")
    assert rows.run()[ROW].status == "FULFILLED"


@pytest.mark.parametrize("action", [CREATE, DESCRIBE])
def test_what_ec2_says_is_in_the_log_to_its_end(rows: Product, action: str, caplog: pytest.LogCaptureFixture) -> None:
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
