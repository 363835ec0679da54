"""`python -m localcloud` as people use it: processes, exit codes, and what is left afterwards."""

import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
from click.testing import CliRunner, Result

from localcloud.commands.main import main
from localcloud.tests.commands.command_line import CommandLine
from localcloud.tests.probes import accepts, eventually


@pytest.fixture
def commands(parent: Path, tmp_path: Path) -> Iterator[CommandLine]:
    made = CommandLine(parent, tmp_path / "work")
    yield made
    made.close()


def typed(running: CommandLine, *arguments: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, [*arguments, "--folder", str(running.log.parent)])


class TestRunning:
    def test_what_is_printed_runs(self, running: CommandLine) -> None:
        printed = [line.strip() for line in running.output.splitlines() if " -m localcloud " in line]
        commands = [line.split(" -m localcloud ")[1].split()[0] for line in printed]
        assert commands == ["exec", "exec", "capacity", "quota", "down"]
        for line in printed[:-1]:
            done = running.run(*shlex.split(line)[3:])
            assert (done.returncode, done.stderr) == (0, ""), line

    def test_the_printed_login_works(self, running: CommandLine) -> None:
        found = re.search(r" at (127\S+):(\d+),\n  user (\S+), password (\S+)", running.output)
        assert found is not None
        host, port, user, password = found.groups()
        pymysql.connect(host=host, port=int(port), user=user, password=password).close()

    def test_the_password_is_in_no_file_for_others(self, running: CommandLine) -> None:
        assert set(running.state) == {"endpoint", "region", "pid", "client_folder"}

    def test_capacity_is_set_and_listed(self, running: CommandLine) -> None:
        assert typed(running, "capacity", "r5b.2xlarge", "ap-northeast-1c", "4").exit_code == 0
        second = typed(running, "capacity", "r5b.2xlarge", "ap-northeast-1c", "7")
        assert second.output == "r5b.2xlarge in ap-northeast-1c: 4 free before, 7 now\n"
        assert re.search(r"^r5b\.2xlarge +ap-northeast-1c +7$", typed(running, "capacity").output, re.MULTILINE)

    def test_quotas_are_set_and_listed(self, running: CommandLine) -> None:
        assert typed(running, "quota", "p", "0").exit_code == 0
        listed = typed(running, "quota", "L-417A185B", "192").output
        assert re.search(r"^p +L-417A185B +192 +0$", listed, re.MULTILINE)
        elsewhere = typed(running, "quota", "--region", "us-west-2").output
        assert re.search(r"^p +L-417A185B +0 +0$", elsewhere, re.MULTILINE)
        assert re.search(r"^standard +L-1216C47A +5 +0$", elsewhere, re.MULTILINE)

    @pytest.mark.parametrize("arguments", [("gpu", "1"), ("p",), ("p", "-1"), ("p", "1", "--region", "mars-1")])
    def test_a_bad_quota_is_an_error(self, running: CommandLine, arguments: tuple[str, ...]) -> None:
        result = typed(running, "quota", *arguments)
        assert (result.exit_code, "Error: " in result.output) == (2, True)

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
        result = typed(running, "capacity", *arguments)
        assert (result.exit_code, "Error: " in result.output) == (2, True)


class TestEnd:
    def test_down_leaves_nothing(self, commands: CommandLine) -> None:
        up = commands.ready()
        ports = [int(str(commands.state["endpoint"]).rsplit(":", 1)[1]), commands.database_port]
        assert all(accepts(port) for port in ports)

        down = commands.run("down")

        assert (down.returncode, down.stdout) == (0, "The local cloud has stopped.\n")
        assert up.wait(10) == 0
        assert not any(accepts(port) for port in ports)
        assert commands.left_behind() == []
        assert commands.output.endswith("has stopped, and left nothing behind but its log, .localcloud/log.\n")
        assert "Traceback" not in commands.output
        again = commands.run("down")
        assert again.returncode == 0
        assert "No local cloud is running" in again.stdout

    def test_an_interrupt_while_it_starts_leaves_nothing(self, commands: CommandLine) -> None:
        up = commands.up()
        # tempfile's first use also writes a file there, for a moment, and an interrupt then leaves that behind.
        eventually(lambda: any(each.is_dir() for each in commands.temporary.iterdir()), "the folder of the cloud", 60)
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0
        assert commands.left_behind() == []

    def test_a_killed_cloud_leaves_neither_database_nor_data_and_can_be_started_again(
        self, commands: CommandLine
    ) -> None:
        up = commands.ready()
        port = commands.database_port
        up.kill()
        up.wait()
        eventually(lambda: not accepts(port), "the database ends")
        eventually(lambda: list(commands.temporary.iterdir()) == [], "the data is deleted")
        assert "No local cloud is running" in commands.run("down").stdout
        assert commands.left_behind() == []


@pytest.mark.parametrize("command", [("exec", "--", "aws", "s3", "ls"), ("capacity",)])
def test_without_a_cloud_the_error_says_how_to_start_one(commands: CommandLine, command: tuple[str, ...]) -> None:
    result = commands.run(*command)
    assert result.returncode == 1
    assert "python -m localcloud up" in result.stderr
