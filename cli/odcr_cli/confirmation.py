"""Asking the person before something is changed."""

import sys

import click

from odcr_cli.trouble import Trouble

REFUSED = 1
"""The exit code of a command that did nothing: a person said no, or something stands in the way."""


def confirm_or_exit(question: str, *, yes: bool, as_json: bool = False) -> None:
    """Ends the command unless a person wants it: with 1, whichever command it is.

    Args:
        question: what is asked, with its question mark.
        yes: whether the command line has answered already.
        as_json: whether a program reads the answer, which nobody can ask.

    Raises:
        Trouble: if there is nobody to ask.
    """
    if as_json and not yes:
        raise Trouble("With --json nobody is asked, so nothing was changed. Say --yes.")
    if not is_confirmed(question, yes=yes):
        click.echo("Nothing was changed.", err=True)
        click.get_current_context().exit(REFUSED)


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Whether to go on.

    Args:
        question: what is asked, with its question mark.
        yes: whether the command line has answered already.

    Raises:
        Trouble: if there is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Trouble("Nobody is here to be asked, so nothing was changed. Say --yes.")
    return click.confirm(question, default=False, err=True)
