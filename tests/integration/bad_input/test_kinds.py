"""The kinds of bad input are numerous, and each has its own name and expected words."""

from collections.abc import Sequence

import pytest

from tests.integration.bad_input.kinds_of_ec2_answers import EC2_ANSWERS, AnswerKind
from tests.integration.bad_input.kinds_of_environments import ENVIRONMENTS, EnvironmentKind
from tests.integration.bad_input.kinds_of_events import EVENTS, EventKind
from tests.integration.bad_input.kinds_of_rows import ROWS, RowKind
from tests.integration.bad_input.kinds_of_secrets import SECRETS, SecretKind
from tests.integration.bad_input.product import HANDLERS

Kind = RowKind | SecretKind | EventKind | EnvironmentKind | AnswerKind
FAMILIES: dict[str, Sequence[Kind]] = {
    "rows": ROWS,
    "secrets": SECRETS,
    "events": EVENTS,
    "environments": ENVIRONMENTS,
    "EC2's answers": EC2_ANSWERS,
}


def test_there_are_at_least_thirty_kinds_of_bad_input() -> None:
    assert sum(len({kind.name for kind in kinds}) for kinds in FAMILIES.values()) >= 30


@pytest.mark.parametrize("family", FAMILIES)
def test_each_kind_has_a_name_of_its_own_and_words_to_look_for(family: str) -> None:
    names = [kind.name for kind in FAMILIES[family]]
    assert len(names) >= 6
    assert sorted(names) == sorted(set(names))
    assert [kind.name for kind in FAMILIES[family] if not kind.says or not all(kind.says)] == []


def test_each_handler_gets_bad_events() -> None:
    assert {kind.handler for kind in EVENTS} == set(HANDLERS)
