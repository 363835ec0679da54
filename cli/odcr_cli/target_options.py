"""Which row of options belongs to which target, by the product's rules: docs/reference/tables.md, "odcr_capacity"."""

from collections import Counter
from collections.abc import Iterable

from odcr_cli.door import KEYS, Row, folded_key
from odcr_cli.regions import may_be_same_zone

Key = tuple[str, ...]


def options_by_target(targets: Iterable[Row], options: Iterable[Row]) -> dict[Key, Row]:
    """The rows of `odcr_option` by the folded type and zone of their target. Targets without options are left out.

    A row and its target have the same key, or one has the zone's name and the other its id. Only EC2 knows which id is
    which name, so options that may belong to several targets are assigned to none.
    """
    keys = dict.fromkeys(map(pool_key, targets))
    by_key = {pool_key(row): row for row in options}
    free: dict[str, list[tuple[str, Row]]] = {}
    for (type_, zone), row in by_key.items():
        if (type_, zone) not in keys:
            free.setdefault(type_, []).append((zone, row))
    near = {
        key: [row for zone, row in free.get(key[0], ()) if may_be_same_zone(zone, key[1])]
        for key in keys
        if key not in by_key
    }
    claims = Counter(id(row) for rows in near.values() for row in rows)
    alone = {key: rows[0] for key, rows in near.items() if len(rows) == 1 and claims[id(rows[0])] == 1}
    return {key: by_key[key] for key in keys if key in by_key} | alone


def pool_key(row: Row) -> Key:
    """The folded type and zone of a row."""
    return folded_key(str(row.get(column) or "") for column in KEYS["odcr_capacity"])
