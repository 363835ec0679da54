"""What `sam build` prints when it fails, cut down to why."""

import re

_FAILED = "Build Failed"
"""The line that it prints before the reason."""
_ENDED_AFTER_ALL = re.compile(r"make: \*\*\* .*")
_RETRYING = re.compile(r".*WARNING: Retrying \(.*\) after connection broken by '(?P<cause>.*)': (?P<what>\S+)")
_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>: ")
_NO_PACKAGE = ("connection broken by", "No matching distribution")
_ASK_INDEX = "The functions' packages come from pip's package index: is it the right one, and reachable?"
_LINES = 12
"""At most; of more, the last."""


def cause(output: str) -> str:
    """Why the build failed, in a few lines, and what to do if a package could not be fetched.

    Args:
        output: all that `sam build` printed.
    """
    _, failed, reason = output.rpartition(f"{_FAILED}\n")
    lines = [line.strip() for line in (reason if failed else output).splitlines()]
    lines = [_shortened(line.removeprefix("Error: ")) for line in lines if line]
    # pip says each time that it tries again.
    lines = [line for line in dict.fromkeys(lines) if not _ENDED_AFTER_ALL.fullmatch(line)][-_LINES:]
    if any(sign in output for sign in _NO_PACKAGE):
        lines.append(_ASK_INDEX)
    return "\n".join(lines)


def _shortened(line: str) -> str:
    if retrying := _RETRYING.fullmatch(line):
        return f"{retrying['what']}: {_OBJECT.sub('', retrying['cause'])}"
    return line
