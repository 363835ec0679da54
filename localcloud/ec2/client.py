"""Changes the capacity of a running local cloud, and makes it fail on purpose."""

import dataclasses
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from localcloud.ec2.faults import Fault, FaultKind
from localcloud.ec2.pools import Pool
from localcloud.ec2.request_rate import ActionCalls

_TIMEOUT_SECONDS = 30


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
            raise ValueError(
                f"{endpoint!r} is not an endpoint of a local cloud; give one such as http://127.0.0.1:4566"
            )
        self._host, self._port = parts.hostname, parts.port

    def set_free(self, instance_type: str, zone: str, free: int) -> None:
        """Makes so many instances free, e.g. `set_free("r5b.2xlarge", "ap-northeast-1c", 4)`."""
        self._call("set_free", instance_type=instance_type, zone=zone, free=free)

    def add_free(self, instance_type: str, zone: str, change: int) -> None:
        """Makes so many more instances free, or fewer."""
        self._call("add_free", instance_type=instance_type, zone=zone, change=change)

    def free(self, instance_type: str, zone: str) -> int:
        """How many are free; 0 where nothing was set."""
        return sum(pool.free for pool in self.pools() if (pool.instance_type, pool.zone) == (instance_type, zone))

    def pools(self) -> list[Pool]:
        """Every pool that was set or used, by type and zone."""
        return [Pool(**pool) for pool in self._call("pools")]

    def inject(self, *faults: Fault) -> None:
        """Sets faults; they come after those already set."""
        for fault in faults:
            self._call("inject", **dataclasses.asdict(fault))

    def fired(self) -> dict[FaultKind, int]:
        """Hits by kind since the reset, those of faults that were cleared included."""
        fired = self._call("fired")
        return {kind: fired.get(kind, 0) for kind in FaultKind}

    def clear_faults(self) -> None:
        """Ends all faults."""
        self._call("clear_faults")

    def set_vcpu_quota(self, region: str, vcpus: int | None, quota: str = "standard") -> None:
        """Limits the vCPUs that reservations and instances have in a Region; None: as at first.

        `vcpu_quotas` has the names and codes of the quotas.
        """
        self._call("set_vcpu_quota", region=region, vcpus=vcpus, quota=quota)

    def vcpu_quotas(self, region: str) -> list[VcpuQuota]:
        """All On-Demand quotas of a Region."""
        return [VcpuQuota(**quota) for quota in self._call("vcpu_quotas", region=region)]

    def set_offered(self, instance_type: str, zone: str, *, offered: bool) -> None:
        """False makes EC2 not offer the type in the zone; True undoes that."""
        self._call("set_offered", instance_type=instance_type, zone=zone, offered=offered)

    def remember_refused_tokens(self, remember: bool) -> None:
        """Whether a client token of a refused create is remembered, with its refusal. What AWS does is unverified."""
        self._call("remember_refused_tokens", remember=remember)

    def plant(
        self, instance_type: str, zone: str, count: int, tags: Mapping[str, str] | None = None, **fields: Any
    ) -> str:
        """Adds a reservation with any fields that describe may show, whoever owns it; its id.

        E.g. `plant("p5.48xlarge", "us-east-1a", 2, ReservationType="capacity-block")`, or
        `plant("m5.large", "us-east-1a", 3, {"team": "a"}, OwnerId="210987654321")`, which another account shares.
        It takes nothing from a pool, but gives its instances to its pool when it ends. Its state stays until it is set
        again, or an action or its end changes it. The fields are those of
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html.
        """
        fields["TotalInstanceCount"] = count
        return str(self._call("plant", instance_type=instance_type, zone=zone, tags=tags, fields=fields))

    def alter(self, reservation_id: str, tags: Mapping[str, str] | None = None, **fields: Any) -> None:
        """Changes any fields of any reservation, e.g. `alter(id, State="unavailable")`. Pools stay as they are.

        `alter(id, AvailableInstanceCount=2)` says how many are not in use; `alter(id, AvailabilityZone=None)` hides a
        field; `tags` replaces all tags.
        """
        self._call("alter", reservation_id=reservation_id, tags=tags, fields=fields)

    def calls(self) -> list[ActionCalls]:
        """The counts, by Region and action."""
        return [ActionCalls(**count) for count in self._call("calls")]

    def reset(self) -> None:
        """Empties pools, quotas, faults, settings, counts, reservations, instances and placement groups."""
        self._call("reset")

    def _call(self, action: str, /, **arguments: Any) -> Any:
        # http.client asks no proxy, whatever the environment says.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        body, headers = json.dumps(arguments, default=datetime.isoformat), {"Content-Type": "application/json"}
        try:
            connection.request("POST", f"/localcloud/ec2/{action}", body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status == http.client.BAD_REQUEST:
            raise ValueError(json.loads(text)["Message"])
        if response.status != http.client.OK:
            raise RuntimeError(f"The local cloud answered {action} with HTTP {response.status}: {text[:200]}")
        return json.loads(text)["Result"]
