"""A Python of the wanted version that is installed on this machine."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.kept import kept
from tests.runtime.checkout import KEPT, LOCK, ROOT, run
from tests.runtime.interpreter import Interpreter


def installed(version: str) -> Interpreter | None:
    """The project's own Python if it has that version; otherwise that on the PATH, in its own virtual environment.

    Args:
        version: such as "3.13".

    Returns:
        None if there is neither.

    Raises:
        CheckFailed: if the packages cannot be installed.
    """
    if "{}.{}".format(*sys.version_info) == version:
        return Interpreter(f"the project's own Python, {sys.executable}", [sys.executable], _variables())
    program = _on_path(version)
    if program is None:
        return None

    def make(folder: Path) -> None:
        run([program, "-m", "venv", folder])
        run([ROOT / "scripts/install", folder / "bin/python", LOCK])

    folder = kept(KEPT / "venv", program + LOCK.read_text(), make)
    return Interpreter(program, [folder / "bin/python"], _variables())


def _on_path(version: str) -> str | None:
    program = shutil.which(f"python{version}")
    if program is None:
        return None
    # pyenv puts a program of that name on the PATH that works only with this variable.
    environment = {**os.environ, "PYENV_VERSION": version}
    question = [program, "-c", "import sys; print(sys.executable)"]
    answer = subprocess.run(question, env=environment, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def _variables() -> Mapping[str, str]:
    # Without variables for the Python that runs this.
    others = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**others, "PYTHONPYCACHEPREFIX": str(KEPT / "pycache")}
