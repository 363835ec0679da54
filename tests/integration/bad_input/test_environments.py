import boto3
import pytest

from tests.integration.bad_input.kinds_of_environments import ENVIRONMENTS
from tests.integration.bad_input.kinds_of_events import GOOD_EVENTS
from tests.integration.bad_input.product import UNHARMED, UNTOUCHED, Product, forget, invoke

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def start_anew() -> None:
    """Starts the functions cold, as Lambda does after a variable is changed."""
    boto3.DEFAULT_SESSION = None
    forget()


@pytest.mark.parametrize("handler", GOOD_EVENTS)
def test_a_variable_that_is_not_set_is_named_and_nothing_happens(
    product: Product, handler: str, subtests: pytest.Subtests
) -> None:
    product.insert_good_row()
    for kind in [kind for kind in ENVIRONMENTS if kind.handler == handler]:
        with subtests.test(kind.name):
            with pytest.MonkeyPatch.context() as spoilt:
                if kind.value is None:
                    spoilt.delenv(kind.variable)
                else:
                    spoilt.setenv(kind.variable, kind.value)
                start_anew()
                with pytest.raises(Exception, match=r"\S") as caught:
                    invoke(handler, GOOD_EVENTS[handler])
            assert type(caught.value).__name__ == kind.error
            for words in kind.says:
                assert words in str(caught.value)
            assert product.seen() == UNTOUCHED

    # With its variables the function works.
    start_anew()
    product.run()
    assert product.seen() == UNHARMED
