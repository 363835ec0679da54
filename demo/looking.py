"""What `odcr` has to look at: the page while the cloud is up, and a recording when it is gone."""

import shlex
import sys
import threading
from pathlib import Path

from demo.stack import Stack
from odcr_cli.account import Place
from odcr_cli.console.serving import Page
from odcr_cli.main import Context
from odcr_cli.recording import record
from odcr_cli.source import Live

RECORDING = Path(".recordings") / "make-run.odcr"
"""Of the run that was played last."""


def _context(stack: Stack) -> Context:
    return Context(Place(stack.name, stack.cloud.region, endpoint_url=stack.cloud.endpoint))


def open_page(stack: Stack) -> str:
    """Serves the page until the program ends; its address."""
    page = Page(_context(stack))
    threading.Thread(target=page.serve, name="page", daemon=True).start()
    return page.address


def keep_recording(stack: Stack) -> str:
    """Records what there is to look at; the command that shows it.

    Raises:
        Trouble: if it cannot be written.
    """
    record(Live(_context(stack).account), RECORDING)
    program, here = Path(sys.executable).with_name("odcr"), Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    return shlex.join([str(shown), "--recording", str(RECORDING), "console"])
