import os

GREETING = os.environ["GREETING"]


class NotYetError(Exception):
    pass


def handler(event, context):
    if event["attempt"] < 2:
        raise NotYetError(f"attempt {event['attempt']}")
    return {"text": f"{GREETING} {event['who']}", "by": context.function_name, "pid": os.getpid()}
