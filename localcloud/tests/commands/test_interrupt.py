"""Ctrl-C at moments when it could be lost, or show a trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

RUNS = '''
import io, json, threading, zipfile
from pathlib import Path

from localcloud.commands.program import program

CODE = """
import pathlib, time
def handler(event, context):
    pathlib.Path(event["Mark"]).touch()
    time.sleep(60)
"""

with program():
    import boto3

    from localcloud.cloud import LocalCloud

    with LocalCloud() as cloud:
        def client(service):
            names = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": cloud.region}
            return boto3.client(service, endpoint_url=cloud.endpoint, **names)

        role = client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("app.py", CODE)
        settings = {"Handler": "app.handler", "Runtime": "python3.13", "Timeout": 90, "Role": role}
        function = client("lambda").create_function(
            FunctionName="sleep", Code={"ZipFile": archive.getvalue()}, **settings
        )["FunctionArn"]
        wait = {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}
        task = {"Task": {"Type": "Task", "Resource": function, "End": True}}

        def each(states):
            processor = {"StartAt": next(iter(states)), "States": states}
            return {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True}}

        machines = {"tasks": each(task), "waits": each(wait), "nested": each(each(task))}
        items = [{"Mark": str(Path(MARKS) / str(number))} for number in range(2)]
        given = {"tasks": items, "waits": items, "nested": [[{"Mark": str(Path(MARKS) / "nested")}]]}
        for name, states in machines.items():
            definition = json.dumps({"StartAt": "Each", "States": states})
            machine = client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
            client("stepfunctions").start_execution(
                stateMachineArn=machine["stateMachineArn"], name="one", input=json.dumps(given[name])
            )
        while len(list(Path(MARKS).iterdir())) < 3:
            threading.Event().wait(0.05)
        print("at work", flush=True)
        threading.Event().wait(60)
'''


def test_ctrl_c_while_items_of_maps_are_at_work_shows_no_trace(parent: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", f"MARKS = {str(tmp_path)!r}\n{RUNS}"],
        cwd=parent,
        # One that does not exist: it must not be looked up.
        env={**os.environ, "AWS_PROFILE": "nobody"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == "at work\n", process.communicate(timeout=30)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 130
    finally:
        process.kill()
        process.wait()


def test_a_ctrl_c_that_python_drops_comes_again(parent: Path) -> None:
    """What is raised while an object is finalized is dropped, as __del__'s documentation says."""
    finalizer = "type('Last', (), {'__del__': lambda self: os.kill(os.getpid(), signal.SIGINT)})()"
    inside = f"import os, signal, time; {finalizer}; time.sleep(60)"
    process = subprocess.run(
        [sys.executable, "-c", f"from localcloud.commands.program import program\nwith program():\n    {inside}"],
        cwd=parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (process.returncode, process.stdout, process.stderr) == (130, "", "")
