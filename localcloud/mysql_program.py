"""Finds a MySQL, or unpacks one into a folder of the checkout."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

from localcloud import debian
from localcloud.kept import kept
from localcloud.server_program import DatabaseMissingError, ServerProgram, which

FOLDER = Path(__file__).parents[1] / ".mysql"
"""What is unpacked; `make clean` deletes it."""
OLDEST: Final = (8, 0)
_PACKAGE: Final = "mysql-server-core"
_APPARMOR: Final = Path("/sys/module/apparmor/parameters/enabled")


def find() -> tuple[ServerProgram, str]:
    """A MySQL of this machine or, where there is none, one from Debian's or Ubuntu's packages, which is kept.

    Returns:
        The program, and what it is: its version, and where it comes from.

    Raises:
        DatabaseMissingError: there is none, and none can be had.
    """
    program = _installed()
    if program is None:
        folder = FOLDER / "server"
        try:
            program = _unpacked(kept(folder, _PACKAGE, lambda unfinished: debian.unpack(_PACKAGE, unfinished)))
        except debian.UnpackingFailed as failure:
            raise DatabaseMissingError(
                f"There is no MySQL from {'.'.join(map(str, OLDEST))} on, and none could be unpacked: {failure}"
            ) from failure
    place = Path(program.path)
    shown = place.relative_to(FOLDER.parent) if place.is_relative_to(FOLDER) else place
    version = re.search(r"Ver (\S+)", _said(program))
    return program, f"MySQL {version[1] if version else 'of an unknown version'}, {shown}"


def _installed() -> ServerProgram | None:
    path = which("mysqld")
    if path is None or _is_confined(path):
        return None
    program = ServerProgram(path, is_mariadb=False)
    said = _said(program)
    number = re.search(r"Ver (\d+)\.(\d+)", said)
    # Debian's MariaDB calls itself mysqld as well.
    is_old = number is None or (int(number[1]), int(number[2])) < OLDEST
    return None if "MariaDB" in said or is_old else program


def _is_confined(path: str) -> bool:
    """Whether AppArmor keeps it to its own folders, as on Ubuntu."""
    profile = Path("/etc/apparmor.d", path.strip("/").replace("/", "."))
    return profile.is_file() and _APPARMOR.is_file() and _APPARMOR.read_text().startswith("Y")


def _unpacked(root: Path) -> ServerProgram:
    # It needs the C library that came along, whose loader has to be told where the libraries are.
    (loader,) = {path.resolve() for path in root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*")}
    libraries = f"{loader.parent}:{root}/usr/lib/mysql/private"
    program = ServerProgram(str(root / "usr/sbin/mysqld"), is_mariadb=False)
    return replace(program, start=(loader, "--library-path", libraries), options=(f"--basedir={root}/usr",))


def _said(program: ServerProgram) -> str:
    command = [*program.start, program.path, "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - found above
