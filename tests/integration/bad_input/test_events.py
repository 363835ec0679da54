import pytest

from tests.integration.bad_input.kinds_of_events import EVENTS, EXECUTION, GOOD_EVENTS
from tests.integration.bad_input.product import GOOD, UNHARMED, UNTOUCHED, Product, invoke

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@pytest.mark.parametrize("handler", GOOD_EVENTS)
def test_a_bad_event_is_explained_and_has_no_effect(product: Product, handler: str, subtests: pytest.Subtests) -> None:
    product.insert_good_row()
    if handler == "RecordResults":
        invoke("LoadTargets", GOOD_EVENTS["LoadTargets"])
    for kind in [kind for kind in EVENTS if kind.handler == handler]:
        with subtests.test(kind.name):
            with pytest.raises(Exception, match=r"\S") as caught:
                invoke(handler, kind.event)
            assert type(caught.value).__name__ == kind.error
            for words in kind.says:
                assert words in str(caught.value)
            assert product.seen() == UNTOUCHED
            assert product.sql("SELECT * FROM odcr_history") == ()

    # The state machine gives the lease back, and the next run succeeds.
    product.release_lease(EXECUTION)
    product.run()
    assert product.seen() == UNHARMED


def test_the_unchanged_events_are_good(product: Product) -> None:
    product.insert_good_row()
    answers = {handler: invoke(handler, event) for handler, event in GOOD_EVENTS.items()}
    assert answers["LoadTargets"]["Lease"] == "HELD"
    (branch,) = answers["FindShortfalls"]["Branches"]
    assert [one["InstanceType"] for one in branch["Shortfalls"]] == [GOOD[0]]
    assert answers["ReserveCapacity"]["Status"] == "FULFILLED"
    assert [change["To"] for change in answers["RecordResults"]["Changes"]] == ["SHORT"]
