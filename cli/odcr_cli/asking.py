"""Asking the person before something is changed."""

import sys

import click

from odcr_cli.trouble import Trouble


def confirmed(question: str, *, yes: bool) -> bool:
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
