"""Which options are which target's, as the product finds them: docs/reference/tables.md, "odcr_capacity"."""

from collections import Counter
from collections.abc import Iterable

from odcr_cli.door import KEYS, Row, folded_key
from odcr_cli.regions import may_be_same

Key = tuple[str, ...]


def options_by_target(targets: Iterable[Row], options: Iterable[Row]) -> dict[Key, Row]:
    """The rows of `odcr_option` by the folded type and zone of their target; without targets that have the usual ones.

    They are spelled like the target, or one has the zone's name and the other its id. Which is which only EC2 knows, so
    those that may be several targets' are no one's here.
    """
    keys = dict.fromkeys(map(key_of_pool, targets))
    found = {key_of_pool(row): row for row in options}
    free: dict[str, list[tuple[str, Row]]] = {}
    for (type_, zone), row in found.items():
        if (type_, zone) not in keys:
            free.setdefault(type_, []).append((zone, row))
    near = {
        key: [row for zone, row in free.get(key[0], ()) if may_be_same(zone, key[1])]
        for key in keys
        if key not in found
    }
    claims = Counter(id(row) for rows in near.values() for row in rows)
    alone = {key: rows[0] for key, rows in near.items() if len(rows) == 1 and claims[id(rows[0])] == 1}
    return {key: found[key] for key in keys if key in found} | alone


def key_of_pool(row: Row) -> Key:
    """The folded type and zone of a row."""
    return folded_key(str(row.get(column) or "") for column in KEYS["odcr_capacity"])
