"""Lets `odcr` show the demonstration: the page while the cloud is up, a recording afterwards."""

import shlex
import sys
import threading
from pathlib import Path

from deployment.stack import Stack
from odcr_cli.account import Place
from odcr_cli.console.server import ConsoleServer
from odcr_cli.main import Context
from odcr_cli.recording import record
from odcr_cli.source import LiveSource

RECORDING = Path(".recordings") / "make-run.odcr"
"""The recording of the last demonstration."""


def _context(stack: Stack) -> Context:
    return Context(Place(stack.name, stack.cloud.region, endpoint_url=stack.cloud.endpoint))


def open_page(stack: Stack) -> str:
    """Serves the page until the program ends, and returns its address."""
    page = ConsoleServer(_context(stack))
    threading.Thread(target=page.serve, name="page", daemon=True).start()
    return page.address


def keep_recording(stack: Stack) -> str:
    """Records the demonstration, and returns the command that shows it.

    Raises:
        Trouble: if the recording cannot be written.
    """
    record(LiveSource(_context(stack).account), RECORDING)
    program, here = Path(sys.executable).with_name("odcr"), Path.cwd()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    return shlex.join([str(shown), "--recording", str(RECORDING), "console"])
