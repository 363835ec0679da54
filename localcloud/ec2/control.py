"""The control API: what people and tests change while the cloud runs. JSON, below `/localcloud`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, request

from localcloud.ec2.faults import Fault
from localcloud.ec2.places import is_known, zones_of
from localcloud.ec2.planting import alter, plant
from localcloud.ec2.quotas import QUOTAS, STANDARD, quota_named
from localcloud.ec2.state import State, current
from localcloud.ec2.zones import is_local, region_of

blueprint = Blueprint("ec2_capacity", __name__, url_prefix="/localcloud")

_Body = dict[str, Any]


def _answers(view: Callable[[State, _Body], _Body | None]) -> Callable[[], tuple[_Body, int]]:
    """Runs a view under the lock, with the request's JSON object or query; a ValueError becomes HTTP 400."""

    @wraps(view)
    def answer() -> tuple[_Body, int]:
        given: Any = request.args.to_dict()
        if request.method in ("PUT", "POST"):
            given = request.get_json(force=True, silent=True)
        if not isinstance(given, dict):
            return {"Message": "Send a JSON object"}, 400
        state = current()
        try:
            with state.lock:
                state.settle()
                return view(state, given) or {}, 200
        except ValueError as error:
            return {"Message": str(error)}, 400

    return answer


@blueprint.get("/capacity")
@_answers
def list_capacity(state: State, _given: _Body) -> _Body:
    """`{"Pools": [{"InstanceType", "AvailabilityZone", "Free"}]}`."""
    return {"Pools": [_pool(one.instance_type, one.zone, one.free) for one in state.pools.all()]}


@blueprint.put("/capacity")
@_answers
def change_capacity(state: State, given: _Body) -> _Body:
    """`{"InstanceType", "AvailabilityZone", "Free": n}` sets a pool, `"Add": n` changes it; answers the pool."""
    instance_type, zone = _type(given), _zone(given)
    if state.is_closed(region := region_of(zone)):
        raise ValueError(f"{region} is in another partition, where this account is unknown")
    if ("Free" in given) == ("Add" in given):
        raise ValueError("Give Free, which sets the pool, or Add, which changes it, and not both")
    if "Free" in given:
        state.pools.set_free(instance_type, zone, _number(given, "Free"))
    else:
        state.pools.add_free(instance_type, zone, _number(given, "Add"))
    return _pool(instance_type, zone, state.pools.free(instance_type, zone))


@blueprint.get("/faults")
@_answers
def list_faults(state: State, _given: _Body) -> _Body:
    """`{"Faults": [a fault's fields, "fired", "over"], "Fired": {kind: hits since the reset}}`."""
    now = state.now()
    return {"Faults": [active.as_json(now) for active in state.faults.set], "Fired": dict(state.faults.fired)}


@blueprint.post("/faults")
@_answers
def add_fault(state: State, given: _Body) -> None:
    """Takes the fields of `faults.Fault`."""
    try:
        fault = Fault(**given)
    except TypeError as error:
        raise ValueError(f"Give the fields of a fault (action, kind, times, ...): {error}") from error
    state.faults.add(fault, state.now())


@blueprint.delete("/faults")
@_answers
def clear_faults(state: State, _given: _Body) -> None:
    """Ends all faults."""
    state.faults.clear()


@blueprint.get("/quota")
@_answers
def list_quotas(state: State, given: _Body) -> _Body:
    """`?Region=`: `{"Quotas": [{"Name", "Code", "VCpus", "Used"}]}`."""
    region = _region(given)
    quotas = [(one, state.quotas.vcpus(region, one), state.vcpus_used(region, one)) for one in QUOTAS]
    return {"Quotas": [{"Name": one.name, "Code": one.code, "VCpus": vcpus, "Used": n} for one, vcpus, n in quotas]}


@blueprint.put("/quota")
@_answers
def set_quota(state: State, given: _Body) -> None:
    """`{"Region", "VCpus": n, "Quota": name or code}`; Quota is `standard` if not given. null undoes it."""
    region = _region(given)
    if "VCpus" not in given:
        raise ValueError("Give VCpus, or null for what it was at first")
    quota = quota_named(_text(given, "Quota")) if "Quota" in given else STANDARD
    state.quotas.set_vcpus(region, quota, None if given["VCpus"] is None else _number(given, "VCpus"))


@blueprint.put("/offering")
@_answers
def change_offering(state: State, given: _Body) -> None:
    """`{"InstanceType", "AvailabilityZone", "Offered": false}` makes EC2 not offer a type in a zone; true undoes it."""
    pair = _type(given), _zone(given)
    (state.not_offered.discard if _flag(given, "Offered") else state.not_offered.add)(pair)


@blueprint.put("/tokens")
@_answers
def change_tokens(state: State, given: _Body) -> None:
    """`{"RememberRefused": bool}`: whether the client token of a refused create is remembered, with its refusal."""
    state.remember_refused = _flag(given, "RememberRefused")


@blueprint.post("/reservations")
@_answers
def plant_reservation(state: State, given: _Body) -> _Body:
    """Takes the fields of a `CapacityReservation`, `Tags` as an object; `{"CapacityReservationId"}`."""
    _type(given), _zone(given), _number(given, "TotalInstanceCount")
    return {"CapacityReservationId": plant(state, given).id}


@blueprint.put("/reservations")
@_answers
def alter_reservation(state: State, given: _Body) -> _Body:
    """`{"CapacityReservationId", field: value, ...}` changes the fields; null hides one."""
    return {"CapacityReservationId": alter(state, given).id}


@blueprint.get("/calls")
@_answers
def list_calls(state: State, _given: _Body) -> _Body:
    """`{"Calls": [{"Region", "Action", "Calls", "Overdrawn", "Unanswered", "Refused": {code: n}}]}`."""
    return {
        "Calls": [
            {"Region": region, "Action": action, **{name.capitalize(): value for name, value in vars(count).items()}}
            for (region, action), count in sorted(state.rate.counts.items())
        ]
    }


@blueprint.post("/reset")
@_answers
def reset(state: State, _given: _Body) -> None:
    """Empties everything, reservations included."""
    state.reset()


def _pool(instance_type: str, zone: str, free: int) -> _Body:
    return {"InstanceType": instance_type, "AvailabilityZone": zone, "Free": free}


def _zone(given: _Body) -> str:
    """One of EC2's zones, or any local zone, of which moto knows none."""
    zone = _text(given, "AvailabilityZone")
    region = region_of(zone)
    known = [str(one.name) for one in zones_of(region)]
    if not known:
        raise ValueError(f"{zone!r} is in no Region of EC2's; name a zone such as ap-northeast-1c")
    if zone not in known and not is_local(zone):
        raise ValueError(f"{region} has no zone {zone!r}; name one of {', '.join(known)}")
    return zone


def _region(given: _Body) -> str:
    region = _text(given, "Region")
    if not zones_of(region):
        raise ValueError(f"{region!r} is no Region of EC2's; name one such as ap-northeast-1")
    return region


def _type(given: _Body) -> str:
    name = _text(given, "InstanceType")
    if not is_known(name):
        raise ValueError(f"EC2 has no instance type {name!r}; name one such as r5b.2xlarge")
    return name


def _text(given: _Body, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"Give {name}, as text")
    return value


def _number(given: _Body, name: str) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return value


def _flag(given: _Body, name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool):
        raise ValueError(f"Give {name}, as true or false")
    return value
