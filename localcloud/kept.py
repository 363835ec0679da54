"""Folders that take long to make: made once, and anew when what they are made from has changed."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path


def kept(folder: Path, made_from: str, make: Callable[[Path], None]) -> Path:
    """The folder, complete.

    Args:
        folder: its place.
        made_from: all that decides what is in it.
        make: makes it, in a place beside the final one, so that what was interrupted is never taken for complete.
            Others who want the same folder wait.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _kept(folder, made_from, make)


def contents(*places: Path) -> str:
    """The files at these places and a digest of each, for `made_from`; what Python compiled is left out.

    Args:
        places: files, or folders, whose files count all the way down.
    """
    files = [file for place in places for file in (sorted(place.rglob("*")) if place.is_dir() else [place])]
    return "".join(
        f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file}\n"
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    )


def _kept(folder: Path, made_from: str, make: Callable[[Path], None]) -> Path:
    digest = hashlib.sha256(made_from.encode()).hexdigest()
    stamp = folder / ".made-from"
    if stamp.is_file() and stamp.read_text() == digest:
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    for old in (unfinished, folder):
        if old.exists():
            shutil.rmtree(old)
    make(unfinished)
    (unfinished / stamp.name).write_text(digest)
    return unfinished.rename(folder)
