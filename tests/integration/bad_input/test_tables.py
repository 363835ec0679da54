"""Strange tables, through the real handlers: each is reported, and none harms the good row beside it."""

import pytest

from tests.integration.bad_input.kinds_of_other_tables import OTHER_TABLES
from tests.integration.bad_input.kinds_of_tables import CAPACITY_TABLES, TYPE, ZONE, TableKind
from tests.integration.bad_input.product import GOOD, GOOD_TARGET, Product, Status

KEY = (TYPE, ZONE)


def current(product: Product, instance_type: str) -> list[str]:
    rows = product.sql(
        "SELECT Current_Capacity FROM odcr_capacity WHERE InstanceType IN (%s, RPAD(%s, 40, '\\0'))",
        (instance_type, instance_type),
    )
    return [cell.decode() if isinstance(cell, bytes) else str(cell) for (cell,) in rows]


@pytest.mark.parametrize("kind", [*CAPACITY_TABLES, *OTHER_TABLES], ids=lambda kind: kind.name)
def test_a_strange_table_stops_no_run(product: Product, kind: TableKind, caplog: pytest.LogCaptureFixture) -> None:
    for statement in kind.make:
        product.sql(statement)
    for _ in range(2):
        statuses = product.run()
        assert (statuses[KEY].status, statuses[KEY].reserved) == (kind.status, kind.reserved)
        for words in kind.says:
            assert words in statuses[KEY].reason
        if kind.is_for_all:
            assert (statuses[GOOD].status, product.bought()) == ("INVALID", [])
            continue
        assert statuses[GOOD] == Status("FULFILLED", GOOD_TARGET, "")
        of_the_row = [(*KEY, kind.reserved)] if kind.reserved else []
        assert sorted(product.bought()) == sorted([(*GOOD, GOOD_TARGET), *of_the_row])
    if kind.current and not kind.is_for_all:
        assert {float(cell) for cell in current(product, TYPE)} == {kind.reserved}
        assert {float(cell) for cell in current(product, GOOD[0])} == {GOOD_TARGET}
    logged = "".join(str(vars(record)) for record in caplog.records)
    if kind.logs:
        assert kind.logs in logged
    else:
        assert "cannot be" not in logged
        assert "not recorded" not in logged
