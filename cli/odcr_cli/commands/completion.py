"""`odcr completion`: shell completion."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Prints the script that makes SHELL complete commands and options.

    \b
    bash: eval "$(odcr completion bash)"       in ~/.bashrc
    zsh:  eval "$(odcr completion zsh)"        in ~/.zshrc
    fish: odcr completion fish | source        in ~/.config/fish/config.fish
    """
    # https://click.palletsprojects.com/en/stable/shell-completion/
    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101 - click has a class for each choice
    click.echo(completion(ctx.find_root().command, {}, "odcr", "_ODCR_COMPLETE").source())
