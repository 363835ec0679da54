"""Unpacks Debian packages into a folder, without installing them: it needs no root and leaves the machine as it is."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_KEYRINGS = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")


class UnpackingFailed(Exception):  # noqa: N818 - says what happened
    """The package is not available here; the message is one line."""


def mirrors() -> list[str]:
    """Where this machine gets its Debian from; a mirror has all releases. Empty on other systems."""
    system = platform.freedesktop_os_release()
    if system["ID"] != "debian" or shutil.which("apt-get") is None:
        return []
    main = ("Created-By: Packages", f"Release: {system['VERSION_CODENAME']}")
    sites = _run("apt-get", "indextargets", "--format=$(REPO_URI)", *main)
    return [site.rstrip("/") for site in dict.fromkeys(sites.split())]


def unpack(name: str, folder: Path) -> None:
    """Unpacks a package and all its dependencies, down to the C library, so that it runs on an older system.

    It comes from Debian's unstable, since its releases have MariaDB only, or from another system's own release.

    Args:
        name: the package's name without a version: `mysql-server-core` may be `mysql-server-core-8.0`. The highest
            version wins.
        folder: becomes the packages' root.

    Raises:
        UnpackingFailed: there is no such package, or it could not be fetched.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise UnpackingFailed("this system has no apt-get to get packages with")
    sources: list[str | None] = [*mirrors()] or [None]
    failures = []
    for mirror in sources:
        try:
            return _unpack(name, folder, mirror)
        except UnpackingFailed as failure:
            failures.append(str(failure))
            shutil.rmtree(folder, ignore_errors=True)
    raise UnpackingFailed("; ".join(failures))


def _unpack(name: str, folder: Path, mirror: str | None) -> None:
    scratch = folder / "apt"
    options = _options(scratch, mirror)
    _run("apt-get", *options, "update")
    found = _run("apt-cache", *options, "search", "--names-only", f"^{name}")
    packages = re.findall(rf"^({re.escape(name)}(?:-[0-9.]+)?) - ", found, re.MULTILINE)
    if not packages:
        raise UnpackingFailed(f"{'unstable' if mirror else 'this system'} has no package {name}")
    package = max(packages, key=lambda each: [int(number) for number in re.findall(r"\d+", each)])
    _run("apt-get", *options, "--yes", "--no-install-recommends", "--download-only", "install", package)
    for archive in sorted((scratch / "cache/archives").glob("*.deb")):
        _run("dpkg-deb", "--extract", archive, folder)
    shutil.rmtree(scratch)


def _options(scratch: Path, mirror: str | None) -> list[str]:
    """Gives apt a state of its own, in which nothing is installed, so it downloads everything and locks nothing."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (scratch / needed).mkdir(parents=True)
    (scratch / "status").touch()
    settings = {
        "Dir::State": scratch,
        "Dir::State::lists": scratch / "lists",
        "Dir::State::status": scratch / "status",
        "Dir::Cache": scratch / "cache",
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
    }
    if os.geteuid() == 0:
        # apt's own user cannot write here.
        settings["APT::Sandbox::User"] = "root"
    if mirror is not None:
        keyring = next((path for each in _KEYRINGS if (path := Path("/usr/share/keyrings", each)).is_file()), None)
        (scratch / "sources.list").write_text(f"deb {f'[signed-by={keyring}] ' if keyring else ''}{mirror} sid main\n")
        settings |= {
            "Dir::Etc::SourceList": scratch / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
        }
    return [f"-o{name}={value}" for name, value in settings.items()]


def _run(program: str, *arguments: str | Path) -> str:
    command: Sequence[str | Path] = [program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - apt and dpkg, our words
    if done.returncode:
        words = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        raise UnpackingFailed(f"{program} {arguments[-1]}: {words[-300:]}")
    return done.stdout
