"""The control API: what people and tests change while the cloud runs. JSON, below `/localcloud`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, request

from localcloud.ec2.control_input import (
    flag_in,
    instance_type_in,
    limit_in,
    number_in,
    region_in,
    text_in,
    zone_in,
)
from localcloud.ec2.faults import Fault
from localcloud.ec2.planting import alter, plant
from localcloud.ec2.quotas import QUOTAS, STANDARD, quota_named
from localcloud.ec2.state import State, current
from localcloud.ec2.zones import region_of

blueprint = Blueprint("ec2_capacity", __name__, url_prefix="/localcloud")

_Body = dict[str, Any]


def _answers(view: Callable[[State, _Body], _Body]) -> Callable[[], tuple[_Body, int]]:
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
                return view(state, given), 200
        except ValueError as error:
            return {"Message": str(error)}, 400

    return answer


@blueprint.get("/capacity")
@_answers
def list_capacity(state: State, _given: _Body) -> _Body:
    """`{"Pools": [{"InstanceType", "AvailabilityZone", "Free"}]}`."""
    return {"Pools": [_pool(state, pool.instance_type, pool.zone) for pool in state.pools.all()]}


@blueprint.put("/capacity")
@_answers
def change_capacity(state: State, given: _Body) -> _Body:
    """`{"InstanceType", "AvailabilityZone", "Free": n}` sets a pool, `"Add": n` changes it; answers the pool."""
    instance_type, zone = instance_type_in(given), zone_in(given)
    if state.is_closed(region := region_of(zone)):
        raise ValueError(f"{region} is in another partition, where this account is unknown")
    if ("Free" in given) == ("Add" in given):
        raise ValueError("Give Free, which sets the pool, or Add, which changes it, and not both")
    if "Free" in given:
        state.pools.set_free(instance_type, zone, number_in(given, "Free"))
    else:
        state.pools.add_free(instance_type, zone, number_in(given, "Add"))
    return _pool(state, instance_type, zone)


@blueprint.get("/faults")
@_answers
def list_faults(state: State, _given: _Body) -> _Body:
    """`{"Faults": [a fault's fields, "fired", "over"], "Fired": {kind: hits since the reset}}`."""
    now = state.clock.now()
    return {"Faults": [active.as_json(now) for active in state.faults.set], "Fired": dict(state.faults.fired)}


@blueprint.post("/faults")
@_answers
def add_fault(state: State, given: _Body) -> _Body:
    """Takes the fields of `faults.Fault`."""
    try:
        fault = Fault(**given)
    except TypeError as error:
        raise ValueError(f"Give the fields of a fault (action, kind, times, ...): {error}") from error
    state.faults.add(fault, state.clock.now())
    return {}


@blueprint.delete("/faults")
@_answers
def clear_faults(state: State, _given: _Body) -> _Body:
    """Ends all faults."""
    state.faults.clear()
    return {}


@blueprint.get("/quota")
@_answers
def list_quotas(state: State, given: _Body) -> _Body:
    """`?Region=`: `{"Quotas": [{"Name", "Code", "VCpus", "Used"}]}`."""
    region = region_in(given)
    return {
        "Quotas": [
            {
                "Name": quota.name,
                "Code": quota.code,
                "VCpus": state.quotas.vcpus(region, quota),
                "Used": state.vcpus_used(region, quota),
            }
            for quota in QUOTAS
        ]
    }


@blueprint.put("/quota")
@_answers
def set_quota(state: State, given: _Body) -> _Body:
    """`{"Region", "Quota": name or code, "VCpus": n}`, or `{"Region", "InstanceType", "Instances": n}`; null undoes it.

    Quota is `standard` if not given.
    """
    region = region_in(given)
    if ("VCpus" in given) == ("Instances" in given):
        raise ValueError("Give VCpus for a Region, or Instances for a Region and an InstanceType, and not both")
    if "VCpus" in given:
        quota = quota_named(text_in(given, "Quota")) if "Quota" in given else STANDARD
        state.quotas.set_vcpus(region, quota, limit_in(given, "VCpus"))
    else:
        state.quotas.set_instances(region, instance_type_in(given), limit_in(given, "Instances"))
    return {}


@blueprint.put("/offering")
@_answers
def change_offering(state: State, given: _Body) -> _Body:
    """`{"InstanceType", "AvailabilityZone", "Offered": false}` makes EC2 not offer a type in a zone; true undoes it."""
    pair = instance_type_in(given), zone_in(given)
    (state.not_offered.discard if flag_in(given, "Offered") else state.not_offered.add)(pair)
    return {}


@blueprint.put("/tokens")
@_answers
def change_tokens(state: State, given: _Body) -> _Body:
    """`{"RememberRefused": bool}`: whether the client token of a refused create is remembered, with its refusal."""
    state.tokens.remember_refused = flag_in(given, "RememberRefused")
    return {}


@blueprint.post("/reservations")
@_answers
def plant_reservation(state: State, given: _Body) -> _Body:
    """Takes the fields of a `CapacityReservation`, `Tags` as an object; `{"CapacityReservationId"}`."""
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
            {
                "Region": region,
                "Action": action,
                "Calls": count.calls,
                "Overdrawn": count.overdrawn,
                "Unanswered": count.unanswered,
                "Refused": dict(count.refused),
            }
            for (region, action), count in sorted(state.rate.counts.items())
        ]
    }


@blueprint.post("/reset")
@_answers
def reset(state: State, _given: _Body) -> _Body:
    """Empties everything, reservations included."""
    state.reset()
    return {}


def _pool(state: State, instance_type: str, zone: str) -> _Body:
    free = state.pools.free(instance_type, zone)
    return {"InstanceType": instance_type, "AvailabilityZone": zone, "Free": free}
