"""Folders that take long to make: made once, and again when their sources have changed."""

import fcntl
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path


def kept(folder: Path, made_from: str, make: Callable[[Path], None]) -> Path:
    """The folder, complete. Others who want it at the same time wait.

    Args:
        folder: its place.
        made_from: everything that decides its content.
        make: makes it in a place beside the final one, so that an interrupted attempt is never taken for complete.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = hashlib.sha256(made_from.encode()).hexdigest()
        stamp = folder / ".made-from"
        if stamp.is_file() and stamp.read_text() == digest:
            return folder
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        for old in (unfinished, folder):
            shutil.rmtree(old, ignore_errors=True)
        make(unfinished)
        (unfinished / stamp.name).write_text(digest)
        return unfinished.rename(folder)
