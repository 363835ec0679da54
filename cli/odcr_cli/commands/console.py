"""`odcr console`: the page."""

import webbrowser

import click

from odcr_cli.console.server import ConsoleServer
from odcr_cli.main import Context, pass_context


@click.command("console")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The page's port; 0 takes a free one.")
@click.option("--allow-changes", is_flag=True, help="Let the page change targets and start runs.")
@click.option("--open/--no-open", "opens", default=True, help="Open it in the browser.")
@pass_context
def command(context: Context, port: int, allow_changes: bool, opens: bool) -> None:
    """Serves a page on this machine that shows demands, runs, capacity and plots. Ctrl-C ends it."""
    page = ConsoleServer(context, port, allows_changes=allow_changes)
    click.echo(f"The page is at {page.address}")
    click.echo("Ctrl-C ends it.")
    if opens:
        webbrowser.open(page.one_time_address())
    page.serve()
