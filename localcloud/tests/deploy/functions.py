"""A function with a behaviour for each event, and what tests ask of it."""

import base64
import json
from typing import Any

from localcloud.tests.deploy.conftest import Cloud

CODE = """
import os, sys, threading, time
print("loading")
count = 0

class Busy(Exception):
    pass

def handler(event, context):
    global count
    count += 1
    do = event.get("do")
    if do == "raise":
        raise Busy("try later")
    if do == "set":
        return {1, 2}
    if do == "decimal":
        import decimal
        return {"n": decimal.Decimal("1.5"), "text": "é"}
    if do == "exit":
        sys.stderr.write("about to exit\\n")
        os._exit(event["code"])
    if do == "sleep":
        print("sleeping", flush=True)
        # Like work: not sped up.
        threading.Event().wait(event["seconds"])
    if do == "nap":
        time.sleep(event["seconds"])
    if do == "context":
        return {name: getattr(context, name) for name in (
            "aws_request_id", "function_name", "function_version", "memory_limit_in_mb", "invoked_function_arn",
            "log_group_name", "log_stream_name")} | {"left": context.get_remaining_time_in_millis()}
    if do == "environment":
        return dict(os.environ)
    if do == "path":
        return sys.path
    if do == "import":
        try:
            __import__(event["module"])
        except ImportError as error:
            return str(error)
        return "imported"
    if do == "print":
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.write("three")
    return {"pid": os.getpid(), "count": count, "variable": os.environ.get("VARIABLE")}
"""


class Function:
    """A deployed function."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        self.client, self.cloud, self.name = cloud.client("lambda"), cloud, name

    def __call__(self, event: Any = None, **more: Any) -> dict[str, Any]:
        answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps(event or {}), LogType="Tail", **more)
        text = answer["Payload"].read()
        tail = base64.b64decode(answer.get("LogResult", "")).decode()
        return {"payload": json.loads(text or "null"), "error": answer.get("FunctionError"), "tail": tail.splitlines()}

    def logged(self) -> list[str]:
        logs, group = self.cloud.client("logs"), f"/aws/lambda/{self.name}"
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return []
        return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
