"""Programs end in an orderly way after a signal or a system error: with one sentence and no stack trace."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.paths import ROOT

IN_ACCOUNT = ["scripts/in_account.py"]
PATH = {"PYTHONPATH": os.pathsep.join(("functions", "cli"))}
"""odcr is not installed in every Python that runs the tests."""
PRINTS = "print('\\u2588 line'); import sys; sys.stdout.flush()"


def started(inside: str, **options: object) -> "subprocess.Popen[str]":
    """Starts a program with this body."""
    code = f"from scripts.program import program\nwith program():\n    {inside}"
    defaults = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    return subprocess.Popen([sys.executable, "-c", code], **(defaults | options))  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_program_silently(number: signal.Signals) -> None:
    process = started("print('now', flush=True); import time; time.sleep(60)")
    assert process.stdout is not None
    assert process.stdout.readline() == "now\n"
    process.send_signal(number)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130


def test_second_signal_does_not_interrupt_the_clean_up() -> None:
    stopping = (
        "try: print('now', flush=True); time.sleep(60)\n    finally: print('stopping', flush=True); time.sleep(0.3)"
    )
    process = started(f"import time\n    {stopping}; print('stopped')")
    assert process.stdout is not None
    for expected in ("now\n", "stopping\n"):
        assert process.stdout.readline() == expected
        process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("stopped\n", "")


def test_signal_that_python_drops_comes_again() -> None:
    """What is raised while an object is finalized is dropped, as __del__'s documentation says."""
    finalizer = "type('Last', (), {'__del__': lambda self: os.kill(os.getpid(), signal.SIGINT)})()"
    process = started(f"import os, signal, time; {finalizer}; time.sleep(60)")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130


def test_signal_while_a_class_is_made_ends_the_program_silently() -> None:
    name = "type('Name', (), {'__set_name__': lambda *_: os.kill(os.getpid(), signal.SIGINT)})()"
    process = started(f"import os, signal; type('Owner', (), {{'name': {name}}})")
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 130


def test_what_cleans_up_at_the_end_is_not_interrupted_again() -> None:
    """The signal that Python drops at the end does not come again, and the rest of the cleaning up is done."""
    late = (
        "import atexit, os, signal, time; atexit.register(lambda: (time.sleep(0.3), print('cleaned up')));"
        "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))"
    )
    process = started(late)
    output, _ = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "cleaned up\n")


@pytest.mark.parametrize(
    ("inside", "sentence"),
    [
        ("open('/nowhere/file', 'w')", "/nowhere/file: No such file or directory"),
        ("open('/dev/full', 'w').write('x' * 100_000)", "No space left on device"),
    ],
)
def test_system_error_is_one_sentence(inside: str, sentence: str) -> None:
    process = started(inside)
    assert process.communicate(timeout=30) == ("", f"Error: {sentence}\n")
    assert process.returncode == 1


def test_full_disk_for_the_output_is_one_sentence() -> None:
    with open("/dev/full", "w") as full:
        process = started(PRINTS, stdout=full)
    assert process.communicate(timeout=30)[1] == "Error: No space left on device\n"
    assert process.returncode == 1


def test_closed_pipe_ends_the_program_silently() -> None:
    process = started(f"import time; time.sleep(0.2); {PRINTS}")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(30) == 1


def closed(number: int) -> Callable[[], None]:
    return lambda: os.close(number)


def test_text_for_a_closed_output_does_not_end_up_in_a_file() -> None:
    inside = f"file = open('{os.devnull}'); assert file.fileno() > 2; {PRINTS}"
    process = started(inside, stdout=None, preexec_fn=closed(1))
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


def test_characters_that_the_terminal_cannot_show_are_escaped() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    process = started(PRINTS, env=environment)
    assert process.communicate(timeout=30) == ("\\u2588 line\n", "")


@pytest.mark.parametrize(
    "program",
    [["-m", "demo"], ["-m", "localcloud"], ["-m", "bench"], ["-m", "verify"], ["-m", "scripts.deploy"], IN_ACCOUNT],
    ids=" ".join,
)
def test_each_command_reports_a_full_disk_in_a_sentence(program: list[str]) -> None:
    environment = {**os.environ, **PATH, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    with open("/dev/full", "w") as full:
        completed = subprocess.run(
            [sys.executable, *program, "--help"],
            cwd=ROOT,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (completed.returncode, completed.stderr) == (1, "Error: No space left on device\n")


@pytest.mark.parametrize("program", [["-m", "verify"], ["-m", "scripts.deploy"], IN_ACCOUNT], ids=" ".join)
def test_no_command_for_an_account_imports_the_local_cloud(program: list[str]) -> None:
    """The local cloud imports moto, which patches botocore: a command might not reach the account."""
    command = [sys.executable, "-X", "importtime", *program, "--help"]
    completed = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **PATH}, capture_output=True, text=True, check=True
    )
    assert "scripts.program" in completed.stderr
    assert "localcloud" not in completed.stderr


@pytest.mark.parametrize("package", ["demo", "localcloud", "bench", "scripts.deploy", "tests.mysql", "tests.runtime"])
def test_interrupt_during_imports_shows_no_stack_trace(package: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", package],
        cwd=ROOT,
        env={**os.environ, **PATH},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not _handles(process.pid, signal.SIGINT) and process.poll() is None:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.communicate(timeout=30)[1]


def _handles(pid: int, number: int) -> bool:
    with open(f"/proc/{pid}/status") as status:
        caught = next(line for line in status if line.startswith("SigCgt:")).split()[1]
    # Python itself handles SIGINT from the start. A handler of SIGTERM shows that `program` has begun.
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1 and int(caught, 16) >> (number - 1) & 1)
