"""`odcr console`: the page."""

import errno
import logging
import webbrowser
from typing import Any

import click
from waitress.server import create_server

from odcr_cli.console.app import application
from odcr_cli.console.changes import Changes
from odcr_cli.console.local_market import LocalMarket
from odcr_cli.main import Context, pass_context
from odcr_cli.trouble import Trouble


@click.command("console")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page; a free one unless you name one.")
@click.option("--allow-changes", is_flag=True, help="Let the page change targets and start runs, not only show them.")
@click.option("--open/--no-open", "opens", default=True, help="Open it in the browser.")
@pass_context
def command(context: Context, port: int, allow_changes: bool, opens: bool) -> None:
    """Serves a page on this machine that shows demands, runs, capacity and plots, until Ctrl-C."""
    first = context.source
    if allow_changes and not first.is_live:
        raise Trouble("A recording can only be looked at. Leave out --allow-changes.")
    app = application(
        # A recording does not change.
        (lambda: context.source) if first.is_live else (lambda: first),
        changes=Changes(context.account) if allow_changes else None,
        local_market=_local_market(context) if first.is_live else None,
    )
    # A slow answer makes the next request wait, which is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        server: Any = create_server(app, host="127.0.0.1", port=port, threads=8)
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        reason = "is taken" if error.errno == errno.EADDRINUSE else "may not be used"
        raise Trouble(f"Port {port} {reason}. Name another with --port, or none for a free one.") from error
    address = f"http://127.0.0.1:{server.effective_port}/?token={app.config['TOKEN']}"
    click.echo(f"The page is at {address}")
    click.echo("Ctrl-C ends it.")
    if opens:
        webbrowser.open(address)
    server.run()


def _local_market(context: Context) -> LocalMarket | None:
    """That of the local cloud, if there is one at the endpoint."""
    place = context.place
    market = LocalMarket(place.endpoint_url or "") if place.is_local else None
    return market if market and market.is_there() else None
