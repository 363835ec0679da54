"""Imports each command only when it is called: the plots and the page take a second to import."""

import difflib
import importlib
import pkgutil
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands are the modules of a package, each with a click command `command`.

    https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands

    Args:
        commands_in: the package's name.
    """

    def __init__(self, *arguments: Any, commands_in: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._package = commands_in

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The modules' names."""
        package = importlib.import_module(self._package)
        return sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(package.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with a name; the module of a Python keyword ends with `_`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        package = importlib.import_module(self._package)
        names = {module.name.rstrip("_"): module.name for module in pkgutil.iter_modules(package.__path__)}
        command = importlib.import_module(f"{self._package}.{names[cmd_name]}").command
        assert isinstance(command, click.Command)  # noqa: S101 - every module defines it
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Resolves as click does, and suggests the nearest names for a typo."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=2)
            meant = f" Did you mean {' or '.join(near)}?" if near else " `odcr --help` lists them."
            ctx.fail(f"There is no command {name!r}.{meant}")
        return super().resolve_command(ctx, args)
