"""The page's HTTP server, on the loopback interface."""

import errno
import logging
from typing import Any

from waitress.server import create_server

from odcr_cli.console.account_changes import Changes
from odcr_cli.console.app import create_app
from odcr_cli.console.local_market import LocalMarket
from odcr_cli.console.sessions import Sessions
from odcr_cli.main import Context
from odcr_cli.trouble import Trouble


class ConsoleServer:
    """A server for the page.

    Args:
        context: the command's context.
        port: the port on 127.0.0.1; 0 for a free one.
        allows_changes: whether the page may change the account.

    Raises:
        Trouble: if the port is not available, or changes are allowed on a recording.
    """

    def __init__(self, context: Context, port: int = 0, *, allows_changes: bool = False) -> None:
        first = context.source
        if allows_changes and not first.is_live:
            raise Trouble("A recording can only be looked at. Leave out --allow-changes.")
        app = create_app(
            # A recording does not change.
            (lambda: context.source) if first.is_live else (lambda: first),
            changes=Changes(context.account) if allows_changes else None,
            local_market=_local_market(context) if first.is_live else None,
        )
        # Do not warn when a request has to wait for a thread.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        server: Any
        try:
            server = create_server(app, host="127.0.0.1", port=port, threads=8)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            reason = "is taken" if error.errno == errno.EADDRINUSE else "may not be used"
            raise Trouble(f"Port {port} {reason}. Name another with --port, or none for a free one.") from error
        self._server = server
        self._entrance: Sessions = app.config["SESSIONS"]
        self._start = f"http://127.0.0.1:{server.effective_port}/"
        self.address = f"{self._start}?token={self._entrance.token}"
        """The address with the token, which opens any number of sessions: only for the person's eyes."""

    def one_time_address(self) -> str:
        """An address that opens one session, within a minute: safe in a program's arguments, which others can read."""
        return f"{self._start}?code={self._entrance.code()}"

    def serve(self) -> None:
        """Serves until the program ends."""
        self._server.run()


def _local_market(context: Context) -> LocalMarket | None:
    """The market of the local cloud at the endpoint; None if there is none."""
    place = context.place
    market = LocalMarket(place.endpoint_url or "") if place.is_local else None
    return market if market and market.is_there() else None
