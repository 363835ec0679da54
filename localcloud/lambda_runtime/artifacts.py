"""The folders that environments run from: each deployed zip, unpacked once, and the libraries of Lambda's runtime."""

import hashlib
import io
import shutil
import tempfile
import threading
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


class Artifacts:
    """The folders, until `remove`.

    Args:
        parent: where they are created.
    """

    def __init__(self, parent: Path) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="lambda-", dir=parent))
        self._lock = threading.Lock()

    def task_root(self, code: bytes) -> Path:
        """The folder with the zip's content.

        Raises:
            zipfile.BadZipFile: the code is not a zip.
        """
        folder = self._root / hashlib.sha256(code).hexdigest()[:32]
        with self._lock:
            if not folder.exists():
                unfinished = folder.with_suffix(".unfinished")
                with zipfile.ZipFile(io.BytesIO(code)) as archive:
                    archive.extractall(unfinished)
                unfinished.rename(folder)
        return folder

    def libraries(self) -> Path:
        """A folder with boto3 and its dependencies, and nothing else that is installed here."""
        folder = self._root / "runtime"
        with self._lock:
            if not folder.exists():
                folder.mkdir()
                _link("boto3", folder, set())
        return folder

    def remove(self) -> None:
        """Deletes every folder."""
        shutil.rmtree(self._root, ignore_errors=True)


def _link(name: str, folder: Path, seen: set[str]) -> None:
    if name.lower() in seen:
        return
    seen.add(name.lower())
    distribution = metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or [] if file.parts[0] not in ("..", "__pycache__")}
    for top in tops:
        (folder / top).symlink_to(Path(str(distribution.locate_file(top))).resolve())
    for text in distribution.requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            _link(requirement.name, folder, seen)
