"""`make run`, as people see it first; here one whose settings, everywhere, lead to an account."""

import pytest

from tests.documented import documented
from tests.system.someone import Someone

README = [command.line for command in documented() if command.page == "README.md" and command.is_local]


@pytest.fixture
def played(someone: Someone) -> str:
    """What `make run KEEP=1` has printed when it has played everything."""
    return someone.serves("make run KEEP=1", 500)


def test_the_demo_plays_to_its_good_end_and_leads_nowhere_else(someone: Someone, played: str) -> None:
    assert "Every target is met, and none was ever exceeded." in played
    assert "Error()" not in played
    for told in (
        "made the database's user odcr",
        "4 targets, lease HELD",
        "4 short",
        "4 changes",
        "15 of 15 r5b.2xlarge held: FULFILLED",
        "64 of 64 vCPUs of group checkout held: FULFILLED",
        "MET its deadline",
    ):
        assert told in played

    printed = [line.strip() for line in played.splitlines() if " -m localcloud " in line]
    assert len(printed) == 8
    *looks, down = printed
    assert down.endswith(" down")
    done = {line: someone.types(line) for line in [*looks, *(line for line in README if line != "make run")]}
    assert {line: (each.returncode, each.stderr) for line, each in done.items()} == dict.fromkeys(done, (0, ""))
    (status,) = (each.stdout for line, each in done.items() if "odcr_status" in line)
    # Three rows, the group, and its three pools.
    assert status.count("FULFILLED") == 7

    assert someone.types(down).returncode == 0
    assert someone.has_stopped() == 0
    assert someone.proxy.asked == []
