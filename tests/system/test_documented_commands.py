"""The commands of docs/localcloud.md, and those for an account as if the local cloud were one, by the same person."""

import pytest

from tests.documented import documented
from tests.system.someone import Someone

ACTIVATE = ". .venv/bin/activate"
UP, DOWN = "python -m localcloud up", "python -m localcloud down"
EXEC = "python -m localcloud exec -- "
ON_THE_PAGE = [
    command.line for command in documented() if command.page == "docs/localcloud.md" and command.line != ACTIVATE
]
FOR_AN_ACCOUNT = dict.fromkeys(
    # A person puts their own Region there; one of that name does not exist.
    command.line.replace("--region REGION", "--region ap-northeast-1")
    for command in documented()
    if command.line.startswith("scripts/in-account ")
)


def test_what_the_page_says_works_and_leads_nowhere_else(someone: Someone) -> None:
    assert {UP, DOWN} < set(ON_THE_PAGE)
    someone.serves(f"{ACTIVATE} && {UP} --port 0")
    for line in ON_THE_PAGE:
        if line not in (UP, DOWN):
            done = someone.types(f"{ACTIVATE} && {line}")
            assert done.returncode == 0, (line, done.stdout, done.stderr)

    for line in FOR_AN_ACCOUNT:
        done = someone.types(f"{ACTIVATE} && {EXEC}{line}", answers="n\n")
        assert "Account  123456789012, as arn:aws:sts::123456789012:" in done.stderr
        assert "\nRegion   " in done.stderr
        looks = " describe-" in line or " get-" in line
        assert ("Run it there? [y/N]" in done.stderr) is not looks
        assert looks or "Nothing was done." in done.stderr, done.stderr

    deploy = f"{ACTIVATE} && {EXEC}make --old-file=build deploy ARGS='--stack-name by-make --no-confirm-changeset'"
    assert "Nothing was done." in someone.types(deploy, answers="n\n").stderr
    stacks = f"{ACTIVATE} && {EXEC}aws cloudformation list-stacks --output text"
    assert "by-make" not in someone.types(stacks).stdout

    assert someone.types(f"{ACTIVATE} && {DOWN}").returncode == 0
    assert someone.has_stopped() == 0
    assert someone.proxy.asked == []


@pytest.mark.parametrize("line", ["scripts/in-account --yes sam deploy", "scripts/in-account aws s3 mb s3://new"])
def test_without_knowing_the_account_nothing_is_done(someone: Someone, line: str) -> None:
    done = someone.types(line)
    assert done.returncode == 1
    assert "AWS does not say which account this is" in done.stderr
    # The control of all others: without exec this person leaves, and the proxy sees it.
    assert someone.proxy.asked
    assert all(asked.startswith("CONNECT sts.") for asked in someone.proxy.asked)
