"""The market of a local cloud: EC2's free capacity and injected faults. localcloud/README.md."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from odcr_cli.trouble import Trouble

_SECONDS = 10


@dataclass(frozen=True)
class Kind:
    """A kind of fault."""

    name: str
    action: str
    """The action that it affects by default."""
    needs_seconds: bool = False


_CREATE, _MODIFY, _DESCRIBE = (
    "CreateCapacityReservation",
    "ModifyCapacityReservation",
    "DescribeCapacityReservations",
)
ACTIONS = (_CREATE, _MODIFY, "CancelCapacityReservation", _DESCRIBE)
KINDS = (
    Kind("insufficient_capacity", _CREATE),
    Kind("throttled", _CREATE),
    Kind("internal_error", _CREATE),
    Kind("refused", _CREATE),
    Kind("lost_before", _CREATE),
    Kind("hangs", _CREATE),
    Kind("lost_after", _CREATE),
    Kind("late", _CREATE, needs_seconds=True),
    Kind("stale_describe", _DESCRIBE),
    Kind("pending", _CREATE, needs_seconds=True),
    Kind("adjusting", _MODIFY, needs_seconds=True),
)
"""All kinds that the local cloud knows; a test compares."""


class LocalMarket:
    """The control API of a local cloud.

    Args:
        endpoint: the cloud's endpoint, e.g. `http://127.0.0.1:5000`.
    """

    def __init__(self, endpoint: str) -> None:
        self._base = f"{endpoint.rstrip('/')}/localcloud/ec2"
        # A proxy leads to the internet, and never to this machine.
        self._opener = build_opener(ProxyHandler({}))

    def is_there(self) -> bool:
        """Whether a local cloud answers at the endpoint."""
        try:
            self.pools()
        except Trouble:
            return False
        return True

    def pools(self) -> dict[tuple[str, str], int]:
        """How many instances are free, by type and zone."""
        return {(pool["instance_type"], pool["zone"]): pool["free"] for pool in self._call("pools")}

    def set_free(self, instance_type: str, zone: str, free: int) -> None:
        """Sets how many are free in a pool."""
        self._call("set_free", {"instance_type": instance_type, "zone": zone, "free": free})

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are set and not over."""
        return [fault for fault in self._call("faults") if not fault["over"]]

    def set_fault(self, fields: dict[str, Any]) -> None:
        """Sets a fault."""
        self._call("inject", fields)

    def clear_faults(self) -> None:
        """Ends all faults."""
        self._call("clear_faults")

    def _call(self, action: str, arguments: Mapping[str, Any] | None = None) -> Any:
        data = json.dumps(arguments or {}).encode()
        request = Request(f"{self._base}/{action}", data, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                content = json.load(answer)
        except HTTPError as error:
            raise Trouble(_message(error)) from error
        except (OSError, HTTPException, ValueError) as error:
            raise Trouble("The local cloud does not answer. Is it still up?") from error
        if not isinstance(content, dict) or "Result" not in content:
            raise Trouble("What answers there is not a local cloud.")
        return content["Result"]


def _message(error: HTTPError) -> str:
    try:
        return str(json.load(error)["Message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"The local cloud refused it with HTTP {error.code}."
