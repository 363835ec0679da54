"""What people and tests change while the cloud runs: the other end of `CapacityClient`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, request

from localcloud.ec2 import planting
from localcloud.ec2.faults import Fault, FaultKind
from localcloud.ec2.places import is_known, zones_of
from localcloud.ec2.quotas import QUOTAS, quota_named
from localcloud.ec2.state import State, current
from localcloud.ec2.zones import is_local, region_of

blueprint = Blueprint("ec2_capacity", __name__, url_prefix="/localcloud")


@blueprint.post("/ec2/<action>")
def answer(action: str) -> tuple[dict[str, Any], int]:
    """Calls a method of `Control` with the request's JSON; what makes no sense becomes HTTP 400."""
    try:
        return {"Result": perform(action, request.get_json())}, 200
    except ValueError as error:
        return {"Message": str(error)}, 400
    except (AttributeError, TypeError) as error:
        return {"Message": f"{error}; `CapacityClient` has the methods and their arguments"}, 400


def perform(action: str, arguments: Mapping[str, Any]) -> Any:
    """Makes the changes that are due, then calls a method of `Control`, under the lock; its result, for JSON.

    Raises:
        ValueError: the arguments make no sense; the message says what to do.
    """
    state = current()
    with state.lock:
        state.settle()
        return getattr(Control(state), action)(**arguments)


class Control:
    """The methods of `CapacityClient`, which documents them; other programs post to them as well."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pools(self) -> list[dict[str, Any]]:
        return [asdict(pool) for pool in self._state.pools.all()]

    def set_free(self, instance_type: str, zone: str, free: int) -> None:
        self._check_pool(instance_type, zone)
        self._state.pools.set_free(instance_type, zone, free)

    def add_free(self, instance_type: str, zone: str, change: int) -> None:
        self._check_pool(instance_type, zone)
        self._state.pools.add_free(instance_type, zone, change)

    def inject(self, **fault: Any) -> None:
        self._state.faults.add(Fault(**fault), self._state.now())

    def faults(self) -> list[dict[str, Any]]:
        """The faults that were set."""
        now = self._state.now()
        return [active.as_json(now) for active in self._state.faults.set]

    def fired(self) -> dict[FaultKind, int]:
        return dict(self._state.faults.fired)

    def clear_faults(self) -> None:
        self._state.faults.clear()

    def vcpu_quotas(self, region: str) -> list[dict[str, Any]]:
        _check_region(region)
        return [
            {
                "name": quota.name,
                "code": quota.code,
                "vcpus": self._state.vcpu_limit(region, quota),
                "used": self._state.vcpus_used(region, quota),
            }
            for quota in QUOTAS
        ]

    def set_vcpu_quota(self, region: str, vcpus: int | None, quota: str) -> None:
        _check_region(region)
        if vcpus is None:
            self._state.vcpu_limits.pop((region, quota_named(quota)), None)
        elif vcpus < 0:
            raise ValueError(f"A quota cannot be {vcpus}; give 0 or more, or null for what it was at first")
        else:
            self._state.vcpu_limits[region, quota_named(quota)] = vcpus

    def set_offered(self, instance_type: str, zone: str, offered: bool) -> None:
        self._check_pool(instance_type, zone)
        (self._state.not_offered.discard if offered else self._state.not_offered.add)((instance_type, zone))

    def remember_refused_tokens(self, remember: bool) -> None:
        self._state.remember_refused = remember

    def plant(self, instance_type: str, zone: str, **given: Any) -> str:
        self._check_pool(instance_type, zone)
        return planting.plant(self._state, instance_type, zone, **given).id

    def alter(self, **given: Any) -> None:
        planting.alter(self._state, **given)

    def calls(self) -> list[dict[str, Any]]:
        return [vars(count) for _, count in sorted(self._state.rate.counts.items())]

    def reset(self) -> None:
        self._state.reset()

    def _check_pool(self, instance_type: str, zone: str) -> None:
        if not is_known(instance_type):
            raise ValueError(f"EC2 has no instance type {instance_type!r}; name one such as r5b.2xlarge")
        region = region_of(zone)
        known = [str(one.name) for one in zones_of(region)]
        if not known:
            raise ValueError(f"{zone!r} is in no Region of EC2's; name a zone such as ap-northeast-1c")
        # moto knows no local zone, so any will do.
        if zone not in known and not is_local(zone):
            raise ValueError(f"{region} has no zone {zone!r}; name one of {', '.join(known)}")
        if self._state.is_closed(region):
            raise ValueError(f"{region} is in another partition, where this account is unknown")


def _check_region(region: str) -> None:
    if not zones_of(region):
        raise ValueError(f"{region!r} is no Region of EC2's; name one such as ap-northeast-1")
