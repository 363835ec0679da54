"""The documented commands for the local cloud, and those for an account, with the local cloud as the account."""

import pytest

from tests.documented_commands import documented
from tests.system.shell_user import ShellUser

ACTIVATE = ". .venv/bin/activate"
UP, DOWN = "python -m localcloud up", "python -m localcloud down"
EXEC = "python -m localcloud exec -- "
ON_THE_PAGE = [
    command.line for command in documented() if command.page == "localcloud/README.md" and command.line != ACTIVATE
]
FOR_AN_ACCOUNT = dict.fromkeys(
    # REGION stands for the reader's own Region.
    command.line.replace("--region REGION", "--region ap-northeast-1")
    for command in documented()
    if command.line.startswith("scripts/in-account ")
)


def test_the_commands_of_the_page_work_and_ask_nothing_outside(user: ShellUser) -> None:
    assert {UP, DOWN} < set(ON_THE_PAGE)
    user.start_cloud(f"{ACTIVATE} && {UP} --port 0")
    for line in ON_THE_PAGE:
        if line not in (UP, DOWN):
            completed = user.run(f"{ACTIVATE} && {line}")
            assert completed.returncode == 0, (line, completed.stdout, completed.stderr)

    for line in FOR_AN_ACCOUNT:
        completed = user.run(f"{ACTIVATE} && {EXEC}{line}", answers="n\n")
        assert "Account  123456789012, as arn:aws:sts::123456789012:" in completed.stderr
        assert "\nRegion   " in completed.stderr
        looks = " describe-" in line or " get-" in line
        assert ("Run it there? [y/N]" in completed.stderr) is not looks
        assert looks or "Nothing was done." in completed.stderr, completed.stderr

    deploy = f"{ACTIVATE} && {EXEC}make --old-file=build deploy ARGS='--stack-name by-make --no-confirm-changeset'"
    assert "Nothing was done." in user.run(deploy, answers="n\n").stderr
    stacks = f"{ACTIVATE} && {EXEC}aws cloudformation list-stacks --output text"
    assert "by-make" not in user.run(stacks).stdout

    assert user.run(f"{ACTIVATE} && {DOWN}").returncode == 0
    assert user.exit_code() == 0
    assert user.proxy.asked == []


@pytest.mark.parametrize("line", ["scripts/in-account --yes sam deploy", "scripts/in-account aws s3 mb s3://new"])
def test_without_a_known_account_nothing_is_done(user: ShellUser, line: str) -> None:
    completed = user.run(line)
    assert completed.returncode == 1
    assert "AWS does not say which account this is" in completed.stderr
    # This proves the tests above: without exec, requests leave, and the proxy sees them.
    assert user.proxy.asked
    assert all(request.startswith("CONNECT sts.") for request in user.proxy.asked)
