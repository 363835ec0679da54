"""Asks the person before a command changes something."""

import sys

import click

from odcr_cli.trouble import Trouble

REFUSED = 1
"""The exit code of a command that changed nothing because a person said no or something is wrong."""


def confirm_or_exit(question: str, *, yes: bool, as_json: bool) -> None:
    """Asks, and ends the command with code 1 unless the answer is yes.

    Args:
        question: what is asked, with its question mark.
        yes: whether the command line has answered already.
        as_json: whether the output is for a program, so nobody can be asked.

    Raises:
        Trouble: if there is nobody to ask.
    """
    if as_json and not yes:
        raise Trouble("With --json nobody can be asked, so nothing was changed. Add --yes.")
    if not is_confirmed(question, yes=yes):
        click.echo("Nothing was changed.", err=True)
        click.get_current_context().exit(REFUSED)


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Asks whether to go on.

    Args:
        question: what is asked, with its question mark.
        yes: whether the command line has answered already.

    Raises:
        Trouble: if there is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Trouble("There is no terminal to ask on, so nothing was changed. Add --yes.")
    return click.confirm(question, default=False, err=True)
