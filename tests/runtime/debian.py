"""A Python from the Debian release that has the wanted version, unpacked into a folder of its own and run by chroot."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from localcloud.database.debian import mirrors
from localcloud.kept import kept
from tests.runtime.checkout import KEPT, LOCK, ROOT, CheckFailed, run
from tests.runtime.interpreter import Interpreter

RELEASES = {"3.11": "bookworm", "3.13": "trixie"}
"""https://packages.debian.org/python3"""


def debian(version: str) -> Interpreter | None:
    """Debian's Python of that version.

    Args:
        version: such as "3.13".

    Returns:
        None if that is impossible: it takes a system with apt-get, root's rights, and a release with that Python.

    Raises:
        CheckFailed: if it cannot be unpacked, or the packages cannot be installed.
    """
    release = RELEASES.get(version)
    if release is None or shutil.which("apt-get") is None or os.geteuid() != 0:
        return None
    root = kept(KEPT / "debian", release, lambda folder: _unpack(release, folder))
    kept(root / "packages", version + LOCK.read_text(), lambda folder: _install(version, folder))
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PYTHONPATH": "/packages",
        "PYTHONPYCACHEPREFIX": "/pycache",
    }
    description = f"Debian {release}'s, in {root.relative_to(ROOT)}"
    return Interpreter(description, [_program("chroot"), root, f"/usr/bin/python{version}"], variables, root)


def _unpack(release: str, folder: Path) -> None:
    try:
        debootstrap = _program("debootstrap")
    except CheckFailed:
        run([ROOT / "scripts/need", "debootstrap", "debian-archive-keyring"])
        debootstrap = _program("debootstrap")
    command: list[str | Path] = [debootstrap, "--variant=minbase", "--include=python3", release, folder]
    # So that debootstrap's mounts end with its process. Without the right to unshare, it cannot mount anything anyway.
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        command = ["unshare", "--mount", *command]
    # None: debootstrap's own default.
    failures = []
    for mirror in [*mirrors(), None]:
        try:
            return run([*command, mirror] if mirror else command)
        except CheckFailed as failure:
            failures.append(str(failure))
            shutil.rmtree(folder, ignore_errors=True)
    raise CheckFailed("\n".join(failures))


def _install(version: str, folder: Path) -> None:
    # With this Python's pip: the unpacked Python has neither pip nor a network.
    machine = platform.machine()
    run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--no-deps", "--requirement", LOCK, "--target", folder, "--no-compile"),
            *("--only-binary=:all:", "--implementation", "cp", "--python-version", version),
            *("--platform", f"manylinux2014_{machine}", "--platform", f"manylinux_2_28_{machine}"),
        ]
    )


def _program(name: str) -> str:
    # Debian keeps root's programs in folders that not every PATH has.
    path = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if path is None:
        raise CheckFailed(f"{name} is not installed.")
    return path
