"""`make run` as a newcomer types it, here a person whose every setting leads to an account."""

import pytest

from tests.documented_commands import documented
from tests.system.shell_user import ShellUser

README = [command.line for command in documented() if command.page == "README.md" and command.is_local]


@pytest.fixture
def output(user: ShellUser) -> str:
    """The output of `make run KEEP=1` when the demonstration is over."""
    return user.start_cloud("make run KEEP=1", 500)


def test_the_demo_succeeds_and_asks_nothing_outside(user: ShellUser, output: str) -> None:
    assert "Every target is met, and none was ever exceeded." in output
    assert "Error()" not in output
    for words in (
        "made the database's user odcr",
        "4 targets, lease HELD",
        "4 short",
        "4 changes",
        "15 of 15 r5b.2xlarge held: FULFILLED",
        "64 of 64 vCPUs of group checkout held: FULFILLED",
        "MET its deadline",
    ):
        assert words in output

    printed = [line.strip() for line in output.splitlines() if " -m localcloud " in line]
    assert len(printed) == 8
    *looks, down = printed
    assert down.endswith(" down")
    results = {line: user.run(line) for line in [*looks, *(line for line in README if line != "make run")]}
    assert {line: (completed.returncode, completed.stderr) for line, completed in results.items()} == dict.fromkeys(
        results, (0, "")
    )
    (status,) = (completed.stdout for line, completed in results.items() if "odcr_status" in line)
    # Three rows, the group, and its three pools.
    assert status.count("FULFILLED") == 7

    assert user.run(down).returncode == 0
    assert user.exit_code() == 0
    assert user.proxy.asked == []
