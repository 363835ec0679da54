"""The local cloud as one object: its start, its end, and what it leaves."""

import json
import socket
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud import lambda_runtime
from localcloud.cloud import LocalCloud
from localcloud.tests.probes import accepts, eventually

ROLE = "arn:aws:iam::123456789012:role/any"
_SESSION = boto3.Session()


def client(cloud: LocalCloud, service: str) -> Any:
    environment = cloud.client_environment({})
    return _SESSION.client(
        service,  # type: ignore[call-overload]
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


def state_machine(cloud: LocalCloud, states: dict[str, Any]) -> str:
    definition = json.dumps({"StartAt": "First", "States": states})
    created = client(cloud, "stepfunctions").create_state_machine(name="machine", definition=definition, roleArn=ROLE)
    return str(created["stateMachineArn"])


class TestEnd:
    """These need the process's only cloud for themselves, so they come before the shared one."""

    def test_nothing_is_left_and_the_next_one_is_empty(self, tmp_path: Path) -> None:
        threads_before = set(threading.enumerate())
        cloud = LocalCloud(state_dir=tmp_path)
        with pytest.raises(RuntimeError, match="has not been started"):
            _ = cloud.endpoint
        with cloud:
            client(cloud, "sns").create_topic(Name="topic")
            ports = [int(cloud.endpoint.rsplit(":", 1)[1]), cloud.database.port]
            assert all(accepts(port) for port in ports)
            machine = state_machine(cloud, {"First": {"Type": "Wait", "Seconds": 3600, "End": True}})
            client(cloud, "stepfunctions").start_execution(stateMachineArn=machine, name="long")
        cloud.stop()

        assert not any(accepts(port) for port in ports)
        assert list(tmp_path.iterdir()) == []
        eventually(
            lambda: not [each for each in threading.enumerate() if each not in threads_before], "all threads have ended"
        )
        with LocalCloud(state_dir=tmp_path) as following:
            assert client(following, "sns").list_topics()["Topics"] == []

    def test_a_failed_start_leaves_nothing_and_does_not_bar_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        databases: list[int] = []

        def broken(services: Any) -> None:
            databases.append(services.database.port)
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(lambda_runtime, "install", broken)
            with pytest.raises(ZeroDivisionError):
                LocalCloud(state_dir=tmp_path).start()
        assert list(tmp_path.iterdir()) == []
        assert not accepts(databases[0])

        with socket.socket() as squatter:
            squatter.bind(("127.0.0.1", 0))
            squatter.listen()
            # It fails because of the port, and not because the first one is still in the way.
            with pytest.raises(RuntimeError, match=r"in use.*; choose another"):
                LocalCloud(port=squatter.getsockname()[1], state_dir=tmp_path).start()
        assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with LocalCloud(speed=60, state_dir=tmp_path_factory.mktemp("cloud")) as made:
        yield made


class TestWhileItRuns:
    def test_the_bucket_for_artifacts_is_there(self, cloud: LocalCloud) -> None:
        assert client(cloud, "s3").head_bucket(Bucket="localcloud-artifacts")["BucketRegion"] == cloud.region

    def test_a_second_one_is_refused(self, cloud: LocalCloud) -> None:
        with pytest.raises(RuntimeError, match="one state for all"):
            LocalCloud().start()
        assert client(cloud, "s3").list_buckets()["Buckets"]

    def test_the_database_is_there(self, cloud: LocalCloud) -> None:
        with cloud.database.admin_connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@max_connections >= 200")
            assert cursor.fetchone() == (1,)

    def test_forty_tasks_at_once_reach_this_cloud_with_one_client(
        self, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[str] = []
        original = boto3.Session.client

        def counted(self: Any, service: str, *args: Any, **options: Any) -> Any:
            made.append(service)
            return original(self, service, *args, **options)  # type: ignore[call-overload]

        topic = client(cloud, "sns").create_topic(Name="told")["TopicArn"]
        publish = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}
        publish["Parameters"] = {"TopicArn": topic, "Message": "hello"}
        machine_states = {
            "First": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "Tell", "States": {"Tell": publish}},
                "End": True,
            }
        }
        states = client(cloud, "stepfunctions")
        definition = json.dumps({"StartAt": "First", "States": machine_states})
        machine = states.create_state_machine(name="map", definition=definition, roleArn=ROLE)["stateMachineArn"]
        monkeypatch.setattr(boto3.Session, "client", counted)
        execution = states.start_execution(stateMachineArn=machine, name="all", input=json.dumps([0] * 40))

        ended = eventually(
            lambda: (
                (described := states.describe_execution(executionArn=execution["executionArn"]))["status"] != "RUNNING"
                and described
            ),
            "the execution ends",
            30,
        )

        assert ended["status"] == "SUCCEEDED", ended
        assert len([each for each in json.loads(ended["output"]) if each["MessageId"]]) == 40
        assert made == ["sns"]
