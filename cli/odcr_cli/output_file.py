"""Files that a person named."""

from pathlib import Path

from odcr_cli.trouble import Trouble


def write_file(path: Path, text: str) -> None:
    """Writes a file, which appears when it is complete.

    Raises:
        Trouble: if that is not possible.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise Trouble(f"{path} cannot be written: {error.strerror}. Name another file.") from error
