"""Writes the files that a person names."""

from pathlib import Path

from odcr_cli.trouble import Trouble


def write_file(path: Path, text: str) -> None:
    """Writes a file atomically: it appears only when complete.

    Raises:
        Trouble: if it cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {error.strerror}. Name another file.") from error
