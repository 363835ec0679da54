"""`pip install .` installs the command line with all its requirements, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

from tests.paths import ROOT

PARTS = ("cli", "pyproject.toml", "README.md", "LICENSE")


def wheel(folder: Path) -> zipfile.ZipFile:
    """The wheel that pip builds, from a copy of the checkout, so that the checkout stays clean."""
    source = folder / "source"
    source.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
        else:
            shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "."],
        cwd=source,
        check=True,
    )
    (built,) = source.glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_has_every_file_of_the_package_and_its_command(tmp_path: Path) -> None:
    with wheel(tmp_path) as built:
        names = set(built.namelist())
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        entries = built.read(metadata.replace("METADATA", "entry_points.txt")).decode()
        described = message_from_bytes(built.read(metadata))
    package = ROOT / "cli" / "odcr_cli"
    files = {str(file.relative_to(ROOT / "cli")) for file in package.rglob("*") if file.is_file()}
    assert {name for name in files if "__pycache__" not in name} == {name for name in names if "dist-info" not in name}
    assert "odcr = odcr_cli.main:run" in entries
    # The locked packages, which are installed here, satisfy the requirements.
    wanted = [Requirement(text) for text in described.get_all("Requires-Dist") or []]
    assert len(wanted) >= 5
    for requirement in wanted:
        assert requirement.specifier.contains(version(requirement.name)), requirement
