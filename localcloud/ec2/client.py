"""Changes the capacity of a running local cloud, and makes it fail on purpose."""

import dataclasses
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from localcloud.ec2.faults import Fault, FaultKind
from localcloud.ec2.pools import Pool

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class ActionCalls:
    """How often an action was called in a Region since the reset."""

    region: str
    action: str
    calls: int
    """All, whatever came of them."""
    overdrawn: int
    """Refused because the request bucket was empty."""
    unanswered: int
    """Whose answer an injected fault lost."""
    refused: dict[str, int]
    """By error code."""


@dataclass(frozen=True)
class VcpuQuota:
    """An On-Demand quota of a Region."""

    name: str
    code: str
    vcpus: int
    used: int
    """vCPUs, of reservations and of instances in none."""


class CapacityClient:
    """Talks to the control API of one local cloud.

    Every method raises ValueError, with what to do, for input that makes no sense, and RuntimeError or OSError if the
    cloud does not answer as it should.

    Args:
        endpoint: e.g. `http://127.0.0.1:4566`.
    """

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or not parts.hostname or not parts.port:
            raise ValueError(f"{endpoint!r} is no endpoint of a local cloud; give one such as http://127.0.0.1:4566")
        self._host, self._port = parts.hostname, parts.port

    def set_free(self, instance_type: str, zone: str, free: int) -> None:
        """Makes so many instances free, e.g. `set_free("r5b.2xlarge", "ap-northeast-1c", 4)`."""
        self._call("PUT", "capacity", {"InstanceType": instance_type, "AvailabilityZone": zone, "Free": free})

    def add_free(self, instance_type: str, zone: str, change: int) -> None:
        """Makes so many more instances free, or fewer."""
        self._call("PUT", "capacity", {"InstanceType": instance_type, "AvailabilityZone": zone, "Add": change})

    def free(self, instance_type: str, zone: str) -> int:
        """How many are free; 0 where nothing was set."""
        return sum(pool.free for pool in self.pools() if (pool.instance_type, pool.zone) == (instance_type, zone))

    def pools(self) -> list[Pool]:
        """Every pool that was set or used, by type and zone."""
        pools = self._call("GET", "capacity")["Pools"]
        return [Pool(pool["InstanceType"], pool["AvailabilityZone"], pool["Free"]) for pool in pools]

    def inject(self, *faults: Fault) -> None:
        """Sets faults; they come after those already set."""
        for fault in faults:
            self._call("POST", "faults", dataclasses.asdict(fault))

    def fired(self) -> dict[FaultKind, int]:
        """Hits by kind since the reset, those of faults that were cleared included."""
        fired = self._call("GET", "faults")["Fired"]
        return {kind: fired.get(kind, 0) for kind in FaultKind}

    def clear_faults(self) -> None:
        """Ends all faults."""
        self._call("DELETE", "faults")

    def set_vcpu_quota(self, region: str, vcpus: int | None, quota: str = "standard") -> None:
        """Limits the vCPUs that reservations and instances have in a Region; None: as at first.

        Args:
            region: the Region.
            vcpus: the limit.
            quota: by its name or code, as `vcpu_quotas` gives them.
        """
        self._call("PUT", "quota", {"Region": region, "VCpus": vcpus, "Quota": quota})

    def vcpu_quotas(self, region: str) -> list[VcpuQuota]:
        """All On-Demand quotas of a Region."""
        quotas = self._call("GET", f"quota?{urlencode({'Region': region})}")["Quotas"]
        return [VcpuQuota(one["Name"], one["Code"], one["VCpus"], one["Used"]) for one in quotas]

    def set_offered(self, instance_type: str, zone: str, *, offered: bool) -> None:
        """False makes EC2 not offer the type in the zone; True undoes that."""
        pair = {"InstanceType": instance_type, "AvailabilityZone": zone}
        self._call("PUT", "offering", pair | {"Offered": offered})

    def remember_refused_tokens(self, remember: bool) -> None:
        """Whether a client token of a refused create is remembered, with its refusal. What AWS does is unverified."""
        self._call("PUT", "tokens", {"RememberRefused": remember})

    def plant(
        self, instance_type: str, zone: str, count: int, tags: Mapping[str, str] | None = None, **fields: Any
    ) -> str:
        """Puts a reservation there, with any fields that describe may show; its id.

        E.g. `plant("p5.48xlarge", "us-east-1a", 2, ReservationType="capacity-block")`, or
        `plant("m5.large", "us-east-1a", 3, {"team": "a"}, OwnerId="210987654321")`: one that this account shares.
        It takes nothing from a pool, and its state stays until it is set again, or an action or its end changes it.

        Args:
            instance_type: its type.
            zone: its zone.
            count: its `TotalInstanceCount`.
            tags: its tags.
            fields: of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html.
        """
        body = {"InstanceType": instance_type, "AvailabilityZone": zone, "TotalInstanceCount": count, **fields}
        if tags is not None:
            body["Tags"] = dict(tags)
        return str(self._call("POST", "reservations", body)["CapacityReservationId"])

    def alter(self, reservation_id: str, tags: Mapping[str, str] | None = None, **fields: Any) -> None:
        """Changes any fields of any reservation, e.g. `alter(id, State="unavailable")`. Pools stay as they are.

        `alter(id, AvailableInstanceCount=2)` says how many are not in use; `alter(id, AvailabilityZone=None)` hides a
        field; `tags` replaces all tags.
        """
        body = {"CapacityReservationId": reservation_id, **fields}
        if tags is not None:
            body["Tags"] = dict(tags)
        self._call("PUT", "reservations", body)

    def calls(self) -> list[ActionCalls]:
        """The counts, by Region and action."""
        names = ("Region", "Action", "Calls", "Overdrawn", "Unanswered", "Refused")
        return [ActionCalls(*(count[name] for name in names)) for count in self._call("GET", "calls")["Calls"]]

    def reset(self) -> None:
        """Empties pools, quotas, faults, settings, counts, reservations, instances and placement groups."""
        self._call("POST", "reset", {})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        # http.client asks no proxy, whatever the environment says.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(
                method, f"/localcloud/{path}", json.dumps(body, default=_json) if body is not None else None
            )
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status == http.client.BAD_REQUEST:
            raise ValueError(json.loads(text)["Message"])
        if response.status != http.client.OK:
            raise RuntimeError(f"{method} /localcloud/{path} answered HTTP {response.status}: {text[:200]}")
        return json.loads(text)


def _json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise ValueError(
        f"{value!r} cannot be sent to the local cloud as JSON; give a date, text, a number or a list of them"
    )
