import pytest

from tests.integration.bad_input.kinds_of_rows import ROWS, RowKind
from tests.integration.bad_input.product import GOOD, GOOD_TARGET, UNHARMED, Product


def insert(product: Product, kind: RowKind) -> None:
    if kind.before:
        product.sql(kind.before)
    product.insert(kind.type, kind.zone, kind.target)
    if kind.options:
        columns = ", ".join(("InstanceType", "AvailabilityZone", *kind.options))
        values = (kind.type, kind.zone, *kind.options.values())
        product.sql(f"INSERT INTO odcr_option ({columns}) VALUES ({', '.join(['%s'] * len(values))})", values)


@pytest.fixture
def product_with(product: Product, kind: RowKind) -> Product:
    """The product, with the bad row beside the good one."""
    insert(product, kind)
    product.insert_good_row()
    product.capacity.set_offered("r5b.2xlarge", "ap-northeast-1c", offered=kind.offered)
    return product


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.name)
def test_a_bad_row_is_explained_to_a_person_and_does_no_harm(product_with: Product, kind: RowKind) -> None:
    status = product_with.run()[kind.type, kind.zone]
    assert (status.status, status.reserved) == (kind.status, 0)
    for words in kind.says:
        assert words in status.reason
    # The announcement says the same.
    (message,) = product_with.announced
    assert status.reason in message

    # The good row beside it is served, and nothing else is bought.
    assert product_with.seen() == UNHARMED
    rows = product_with.sql("SELECT InstanceType, AvailabilityZone, Target_Capacity FROM odcr_capacity")
    assert set(rows) == {(kind.type, kind.zone, kind.target), (*GOOD, GOOD_TARGET)}
    # Nor in the next run, which finds what this one recorded.
    product_with.run()
    assert product_with.seen() == UNHARMED
    assert product_with.announced == []


@pytest.mark.parametrize("kind", [ROWS[0]], ids=lambda kind: kind.name)
def test_a_row_that_is_corrected_is_served(product_with: Product, kind: RowKind) -> None:
    product_with.run()
    product_with.sql("UPDATE odcr_capacity SET InstanceType = 'r5b.2xlarge' WHERE InstanceType = %s", (kind.type,))
    assert product_with.run()["r5b.2xlarge", kind.zone].status == "FULFILLED"
    assert ("r5b.2xlarge", kind.zone, 5) in product_with.bought()
