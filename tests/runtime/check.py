"""Checks the artifacts and runs the functions' unit tests on the Lambda runtime's Python, whatever Python runs this.

The artifacts are built into a folder of their own, so that a deployment that is under way keeps its own.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployment.build import StackFailed, build
from localcloud.lambda_runtime.artifacts import Artifacts
from tests.runtime.artifact import Artifact
from tests.runtime.checkout import KEPT, ROOT, CheckFailed
from tests.runtime.debian import RELEASES, debian
from tests.runtime.installed import installed
from tests.runtime.interpreter import Interpreter
from tests.runtime.template import Function, Template

BUILT = KEPT / "build"


def main() -> None:
    """Runs all checks, up to the first that fails.

    Raises:
        CheckFailed: if a check fails.
        StackFailed: if `sam build` fails.
    """
    template = Template.read(ROOT / "template.yaml")
    build(BUILT)
    print(f"{'artifact':<16} {'files':>5} {'KiB':>6} {'zipped':>6}")
    for function in template.functions:
        look_at(function.name)
    interpreter = find(template.python)
    print(f"Python {template.python}: {interpreter.description}", flush=True)
    with brought_by_lambda() as folder:
        libraries = interpreter.path(folder, "libraries")
        for function in template.functions:
            load(interpreter, template.python, function, libraries)
    test(interpreter)


@contextmanager
def brought_by_lambda() -> Iterator[Path]:
    """A folder with boto3 and its requirements as locked, which are the same for every Python."""
    artifacts = Artifacts(KEPT)
    try:
        yield artifacts.libraries()
    finally:
        artifacts.remove()


def look_at(name: str) -> None:
    """Prints an artifact's sizes.

    Raises:
        CheckFailed: if a file is in it that must not be.
    """
    artifact = Artifact(BUILT / name)
    sizes = f"{artifact.size() / 1024:>6.0f} {artifact.zipped() / 1024:>6.0f}"
    print(f"{name:<16} {len(artifact.files):>5} {sizes}", flush=True)
    if unwanted := artifact.unwanted():
        raise CheckFailed(
            f"The artifact of {name} has compiled files or packages that Lambda brings: {', '.join(unwanted[:5])}. "
            f"Find where functions/Makefile or functions/requirements.in gets them from."
        )


def find(version: str) -> Interpreter:
    """A Python of that version.

    Raises:
        CheckFailed: if there is none, with how to get one.
    """
    interpreter = installed(version) or debian(version)
    if interpreter is None:
        otherwise = (
            f", or run this as root on Debian, where it is unpacked into {KEPT.name}" if version in RELEASES else ""
        )
        raise CheckFailed(
            f"Lambda runs the functions on Python {version}, and there is none here: install one so that "
            f"python{version} is on the PATH (macOS: brew install python@{version}){otherwise}."
        )
    return interpreter


def load(interpreter: Interpreter, version: str, function: Function, libraries: str) -> None:
    """Loads a function's handler from its artifact.

    Raises:
        CheckFailed: if that fails; the cause has been printed.
    """
    script = interpreter.path(Path(__file__).parent, "scripts") + "/load_handler.py"
    artifact = interpreter.path(BUILT / function.name, "artifact")
    variables = dict.fromkeys((*function.variables, "AWS_REGION"), "set")
    arguments = ["-I", "-S", "-B", script, version, artifact, libraries, function.handler]
    if not interpreter.run(arguments, variables):
        raise CheckFailed(f"{function.name}'s handler {function.handler} cannot be loaded on Python {version}.")
    print(f"{function.name}: {function.handler} loads", flush=True)


def test(interpreter: Interpreter) -> None:
    """Runs the unit tests of the functions.

    Raises:
        CheckFailed: if a test fails.
    """
    project = interpreter.path(ROOT, "project")
    # Without the cache, pytest writes nothing into the checkout.
    options = ["-p", "no:cacheprovider", "-c", f"{project}/pyproject.toml", "--rootdir", project]
    if not interpreter.run(["-m", "pytest", *options, f"{project}/tests/unit/functions"]):
        raise CheckFailed("Unit tests fail on the Lambda runtime's Python.")


def checked() -> None:
    """Runs the checks, and ends the program with the failure if there is one."""
    try:
        main()
    except (CheckFailed, StackFailed) as failure:
        sys.exit(str(failure))
