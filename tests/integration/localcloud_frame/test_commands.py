"""`python -m localcloud` as people use it: processes, exit codes, and what is left afterwards."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pymysql
import pytest

from .conftest import eventually


class CommandLine:
    """Runs the commands in a folder of their own, with a place for temporary files that can be looked at."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self._environment = {**os.environ, "PYTHONPATH": str(checkout), "TMPDIR": str(self.temporary)}
        self._up: list[subprocess.Popen[str]] = []

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command that ends."""
        return subprocess.run(
            [sys.executable, "-m", "localcloud", *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def up(self) -> "subprocess.Popen[str]":
        """Starts `up`."""
        process = subprocess.Popen(
            [sys.executable, "-m", "localcloud", "up", "--port", "0"],
            cwd=self.folder,
            env=self._environment,
            stdout=(self.folder / "out").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._up.append(process)
        return process

    @property
    def output(self) -> str:
        """What `up` has printed so far."""
        return (self.folder / "out").read_text()

    def ready(self) -> "subprocess.Popen[str]":
        """Starts `up`, and returns when it is ready."""
        process = self.up()
        eventually(lambda: "Stop: " in self.output or process.poll() is not None, "up is ready", 60)
        assert process.poll() is None, self.output
        return process

    def left_behind(self) -> list[str]:
        """What is on disk that was not there before."""
        found = [str(each) for each in self.temporary.iterdir()]
        return found + [str(each) for each in self.folder.iterdir() if each.name not in ("tmp", "out")]

    def close(self) -> None:
        for process in self._up:
            if process.poll() is None:
                process.terminate()
            process.wait(60)


@pytest.fixture
def commands(checkout: Path, tmp_path: Path) -> Iterator[CommandLine]:
    made = CommandLine(checkout, tmp_path / "work")
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """One cloud for the tests that only use it."""
    made = CommandLine(Path(__file__).parents[3], tmp_path_factory.mktemp("running") / "work")
    made.ready()
    yield made
    made.close()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class TestRunning:
    def test_env_leads_boto3_to_the_cloud(self, running: CommandLine) -> None:
        printed = running.run("env").stdout
        assert "unset AWS_PROFILE " in printed
        assert all(line in running.output for line in printed.splitlines())
        exported = dict(re.findall(r"^export (\w+)=(.*)$", printed, re.MULTILINE))
        s3 = boto3.Session().client(
            "s3",
            endpoint_url=shlex.split(exported["AWS_ENDPOINT_URL"])[0],
            aws_access_key_id=exported["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exported["AWS_SECRET_ACCESS_KEY"],
            region_name=exported["AWS_REGION"],
        )
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["localcloud-artifacts"]

    def test_the_printed_login_works(self, running: CommandLine) -> None:
        found = re.search(r"mysql -h (\S+) -P (\d+) -u (\S+) -p(\S+)", running.output)
        assert found is not None
        host, port, user, password = found.groups()
        pymysql.connect(host=host, port=int(port), user=user, password=password).close()

    def test_the_password_is_in_no_file_for_others(self, running: CommandLine) -> None:
        state = json.loads((running.folder / ".localcloud" / "cloud.json").read_text())
        assert set(state) == {"endpoint", "region", "pid", "database_host", "database_port"}

    def test_a_second_up_says_how_to_stop_the_first(self, running: CommandLine) -> None:
        second = running.run("up")
        assert second.returncode == 1
        assert "already running" in second.stderr
        assert "python -m localcloud down" in second.stderr

    def test_capacity_is_set_and_listed(self, running: CommandLine) -> None:
        first = running.run("capacity", "r5b.2xlarge", "ap-northeast-1c", "4")
        assert (first.returncode, first.stderr) == (0, "")
        second = running.run("capacity", "r5b.2xlarge", "ap-northeast-1c", "7")
        assert second.stdout == "r5b.2xlarge in ap-northeast-1c: 4 free before, 7 now\n"
        assert re.search(r"^r5b\.2xlarge +ap-northeast-1c +7$", running.run("capacity").stdout, re.MULTILINE)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("r5b.2xlarge", "ap-northeast-1c", "-1"),
            ("r5b.2xlarge", "ap-northeast-1c", "many"),
            ("r5b.2xlarge", "ap-northeast-1c"),
            ("r5b.2xlarge", "somewhere", "4"),
            ("nothing", "ap-northeast-1c", "4"),
        ],
    )
    def test_bad_capacity_is_an_error(self, running: CommandLine, arguments: tuple[str, ...]) -> None:
        result = running.run("capacity", *arguments)
        assert result.returncode == 2
        assert "Error: " in result.stderr
        assert "Traceback" not in result.stderr


class TestEnd:
    def test_down_leaves_nothing(self, commands: CommandLine) -> None:
        up = commands.ready()
        state = json.loads((commands.folder / ".localcloud" / "cloud.json").read_text())
        ports = [int(state["endpoint"].rsplit(":", 1)[1]), state["database_port"]]
        assert all(accepts(port) for port in ports)

        down = commands.run("down")

        assert (down.returncode, down.stdout) == (0, "The local cloud has stopped.\n")
        assert up.wait(10) == 0
        assert not any(accepts(port) for port in ports)
        assert commands.left_behind() == []
        assert "Traceback" not in commands.output
        again = commands.run("down")
        assert again.returncode == 0
        assert "No local cloud is running" in again.stdout

    def test_an_interrupt_while_it_starts_leaves_nothing(self, commands: CommandLine) -> None:
        up = commands.up()
        eventually(lambda: list(commands.temporary.iterdir()), "the folder of the cloud", 60)
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0
        assert commands.left_behind() == []

    def test_a_killed_cloud_leaves_neither_database_nor_data_and_can_be_started_again(
        self, commands: CommandLine
    ) -> None:
        up = commands.ready()
        port = json.loads((commands.folder / ".localcloud" / "cloud.json").read_text())["database_port"]
        up.kill()
        up.wait()
        eventually(lambda: not accepts(port), "the database ends")
        eventually(lambda: list(commands.temporary.iterdir()) == [], "the data is deleted")
        assert "No local cloud is running" in commands.run("down").stdout
        assert commands.left_behind() == []


@pytest.mark.parametrize("command", ["env", "capacity"])
def test_without_a_cloud_the_error_says_how_to_start_one(commands: CommandLine, command: str) -> None:
    result = commands.run(command)
    assert result.returncode == 1
    assert "python -m localcloud up" in result.stderr


def test_a_speed_that_cannot_be(commands: CommandLine) -> None:
    result = commands.run("up", "--speed", "0")
    assert result.returncode == 2
    assert "greater than 0" in result.stderr
    assert commands.left_behind() == []
