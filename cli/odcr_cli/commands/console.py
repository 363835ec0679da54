"""`odcr console`: the page."""

import webbrowser

import click
from waitress.server import create_server

from odcr_cli.console.app import application
from odcr_cli.main import Context, pass_context


@click.command("console")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the page; a free one unless you name one.")
@click.option("--allow-changes", is_flag=True, help="Let the page change targets, and not only show them.")
@click.option("--open/--no-open", "opens", default=True, help="Open it in the browser.")
@pass_context
def command(context: Context, port: int, allow_changes: bool, opens: bool) -> None:
    """Serves a page on this machine that shows demands, runs, capacity and plots, until Ctrl-C."""
    first = context.source
    app = application(lambda: context.source, allows_changes=allow_changes and first.is_live)
    server = create_server(app, host="127.0.0.1", port=port, threads=8)
    address = f"http://127.0.0.1:{server.effective_port}/?token={app.config['TOKEN']}"
    click.echo(f"The page is at {address}")
    click.echo("Ctrl-C ends it.")
    if opens:
        webbrowser.open(address)
    server.run()
