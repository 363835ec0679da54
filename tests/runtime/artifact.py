"""What is uploaded to Lambda: its size, and files that must not be in it."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

COMPILED = frozenset({".so", ".dylib", ".pyd", ".pyc"})
"""Suffixes of files that would tie the artifact to a processor, or to a version of Python."""

BROUGHT_BY_LAMBDA = ("boto3", "botocore")


@dataclass(frozen=True)
class Artifact:
    """A folder that `sam build` made."""

    folder: Path

    @property
    def files(self) -> list[Path]:
        """All files in the artifact."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def size(self) -> int:
        """Bytes, as unpacked by Lambda."""
        return sum(path.stat().st_size for path in self.files)

    def zipped(self) -> int:
        """Bytes, as uploaded."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
            for path in self.files:
                opened.write(path, path.relative_to(self.folder))
        return len(archive.getvalue())

    def unwanted(self) -> list[str]:
        """The paths of files that must not be in the artifact."""
        paths = [path.relative_to(self.folder) for path in self.files]
        return [
            str(path) for path in paths if COMPILED.intersection(path.suffixes) or path.parts[0] in BROUGHT_BY_LAMBDA
        ]
