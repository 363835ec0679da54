import os
import sys


def handler(event, _context):
    sys.stdout.write(f"shouting {event['text']}\n")
    zones = os.environ["ZONES"].split(",")
    return {
        "text": event["text"].upper(),
        "zones": zones,
        "city": os.environ["CODE"],
        "nothing": "NOTHING" in os.environ,
    }
