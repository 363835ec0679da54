"""The commands in the documentation, and which of them run on the local cloud."""

import re
from dataclasses import dataclass

from tests.paths import PAGES, ROOT

_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(make\s[^`]+)`")
_TARGET = re.compile(r"^([a-z-]+):(?!=)", re.MULTILINE)
_COMMENT = re.compile(r"\s+#\s.*")
LOCAL = ("-m localcloud ", "make run")


@dataclass(frozen=True)
class Command:
    """A line of a `sh` block, without its comment."""

    page: str
    line: str

    @property
    def is_local(self) -> bool:
        """Whether it runs on the local cloud."""
        return any(local in self.line for local in LOCAL)


def commands(text: str, page: str) -> list[Command]:
    """The commands of a page, in order."""
    blocks = (block.replace("\\\n", " ") for block in _BLOCK.findall(text))
    lines = (re.sub(r"\s+", " ", _COMMENT.sub("", line)).strip() for block in blocks for line in block.splitlines())
    return [Command(page, line) for line in lines if line]


def documented() -> list[Command]:
    """The commands of all pages."""
    return [
        command for page in PAGES for command in commands(page.read_text(encoding="utf-8"), str(page.relative_to(ROOT)))
    ]


def make_targets() -> list[str]:
    """The targets of the Makefile, in order."""
    return _TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))


def make_commands() -> list[Command]:
    """The `make` commands of all pages, in `sh` blocks and between backticks."""
    inline = [
        Command(str(page.relative_to(ROOT)), re.sub(r"\s+", " ", line))
        for page in PAGES
        for line in _INLINE.findall(page.read_text(encoding="utf-8"))
    ]
    return [*inline, *(command for command in documented() if command.line.startswith("make "))]
