import boto3
import pytest

from tests.integration.bad_input.kinds_of_environments import ENVIRONMENTS, EnvironmentKind
from tests.integration.bad_input.kinds_of_events import GOOD_EVENTS
from tests.integration.bad_input.product import UNHARMED, UNTOUCHED, Product, forget, invoke

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


def start_anew() -> None:
    """Starts the functions cold, as Lambda does after a variable is changed."""
    boto3.DEFAULT_SESSION = None
    forget()


@pytest.mark.parametrize("kind", ENVIRONMENTS, ids=lambda kind: kind.name)
def test_a_variable_that_is_not_set_is_named_and_nothing_happens(product: Product, kind: EnvironmentKind) -> None:
    product.insert_good_row()
    with pytest.MonkeyPatch.context() as spoilt:
        if kind.value is None:
            spoilt.delenv(kind.variable)
        else:
            spoilt.setenv(kind.variable, kind.value)
        start_anew()
        with pytest.raises(Exception, match=r"\S") as caught:
            invoke(kind.handler, GOOD_EVENTS[kind.handler])
    assert type(caught.value).__name__ == kind.error
    for words in kind.says:
        assert words in str(caught.value)
    assert product.seen() == UNTOUCHED

    # With the variable the function works.
    start_anew()
    product.run()
    assert product.seen() == UNHARMED
