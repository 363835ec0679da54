"""The page's server: on this machine only."""

import errno
import logging
from typing import Any

from waitress.server import create_server

from odcr_cli.console.app import create_app
from odcr_cli.console.changes import Changes
from odcr_cli.console.local_market import LocalMarket
from odcr_cli.console.sessions import Sessions
from odcr_cli.main import Context
from odcr_cli.trouble import Trouble


class ConsoleServer:
    """The page, ready to be served.

    Args:
        context: what it shows.
        port: of 127.0.0.1; 0 for a free one.
        allows_changes: whether it may change the account.

    Raises:
        Trouble: if the port cannot be had, or a recording is to be changed.
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
        # A slow answer makes the next request wait, which is no news.
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
        self._entrance: Sessions = app.config["ENTRANCE"]
        self._start = f"http://127.0.0.1:{server.effective_port}/"
        self.address = f"{self._start}?token={self._entrance.token}"
        """With the token that lets every browser in: for the person's eyes."""

    def one_time_address(self) -> str:
        """One that lets a browser in once, within a minute: for the arguments of a program, which others can read."""
        return f"{self._start}?code={self._entrance.code()}"

    def serve(self) -> None:
        """Answers until the program ends."""
        self._server.run()


def _local_market(context: Context) -> LocalMarket | None:
    """That of the local cloud, if there is one at the endpoint."""
    place = context.place
    market = LocalMarket(place.endpoint_url or "") if place.is_local else None
    return market if market and market.is_there() else None
