"""Regions are asked side by side: whatever one does, the others are seen in time."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from urllib3.exceptions import NameResolutionError, NewConnectionError

from odcr.domain.refusal import OutcomeUnknown, Refusal, RequestRefused
from odcr.domain.reservation import Reservation
from odcr.domain.target import TargetKey
from odcr.gateways import ec2_regions
from odcr.gateways.ec2_regions import Findings, known_regions, look, look_up_vcpus, partition_of

HOME, ABROAD, NEW = "ap-northeast-1", "us-east-1", "ap-northwest-1"
INVENTED = [f"ap-xa{letter}-{number}" for letter in "abcdefghijklmnopqrst" for number in range(1, 6)]


def reservation(region: str) -> Reservation:
    return Reservation(f"cr-{region}", TargetKey("m5.large", f"{region}a"), 1, "active")


def unresolvable(number: int = socket.EAI_NONAME) -> Refusal:
    """The refusal that boto3 and the gateway raise if a name does not resolve."""
    refusal = OutcomeUnknown("EndpointConnectionError", "No answer.")
    cause = NameResolutionError("ec2.x.amazonaws.com", None, socket.gaierror(number, "?"))  # type: ignore[arg-type]
    cause.__context__ = socket.gaierror(number, "?")
    refusal.__cause__ = EndpointConnectionError(endpoint_url="https://x/", error=cause)
    return refusal


def unreachable() -> Refusal:
    refusal = OutcomeUnknown("EndpointConnectionError", "No answer.")
    cause = NewConnectionError(None, "refused")  # type: ignore[arg-type]
    cause.__context__ = ConnectionRefusedError(errno.ECONNREFUSED, "refused")
    refusal.__cause__ = EndpointConnectionError(endpoint_url="https://x/", error=cause)
    return refusal


class Finder:
    """An EC2 in which each Region behaves as a test says."""

    def __init__(self, actions: dict[str, Callable[[], None]], default: Callable[[], None] = lambda: None) -> None:
        self._actions, self._default = actions, default
        self.asked: list[tuple[str, str, bool]] = []

    def find_in_region(self, region: str, *, is_known: bool) -> list[Reservation]:
        self.asked.append(("reservations", region, is_known))
        self._actions.get(region, self._default)()
        return [reservation(region)]

    def zone_names(self, region: str, *, is_known: bool) -> dict[str, str]:
        self.asked.append(("zones", region, is_known))
        self._actions.get(f"{region} zones", lambda: None)()
        return {"x-az1": f"{region}a"}


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.fixture
def hanging() -> Iterator[Callable[[], None]]:
    """The behaviour of a Region that never answers."""
    end = threading.Event()

    def hang() -> None:
        end.wait()

    yield hang
    end.set()


def looked(finder: Finder, regions: list[str], zones_of: tuple[str, ...] = ()) -> Findings:
    return look(finder, dict.fromkeys(regions, 0), zones_of)


def test_look_sees_each_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 30.0)
    finder = Finder({})
    findings = looked(finder, [HOME, ABROAD], (ABROAD,))
    assert findings.reservations == {region: [reservation(region)] for region in (HOME, ABROAD)}
    assert findings.zones == {ABROAD: {"x-az1": "us-east-1a"}}
    assert findings.unseen == set()


def test_hanging_region_holds_up_no_other(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    begun = time.monotonic()
    findings = looked(Finder({ABROAD: hanging}), [ABROAD, HOME, NEW])
    assert time.monotonic() - begun < 5
    assert set(findings.reservations) == {HOME, NEW}
    assert findings.silent[ABROAD].code == "NoAnswer"


def test_many_hanging_regions_cost_the_time_of_one(
    monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]
) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    monkeypatch.setattr(ec2_regions, "UNKNOWN_SECONDS", 0.2)
    begun = time.monotonic()
    findings = looked(Finder({HOME: lambda: None}, default=hanging), [HOME, *known_regions(), *INVENTED])
    assert time.monotonic() - begun < 5
    assert set(findings.reservations) == {HOME}
    assert set(findings.silent) >= set(known_regions()) - {HOME}


def test_missing_zones_hide_no_reservation(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    findings = looked(Finder({f"{HOME} zones": hanging}), [HOME], (HOME,))
    assert set(findings.reservations) == {HOME}
    assert isinstance(findings.zones[HOME], Refusal)


def test_unexpected_error_concerns_only_one_region() -> None:
    findings = looked(Finder({ABROAD: raising(RuntimeError("!"))}), [ABROAD, HOME])
    assert set(findings.reservations) == {HOME}
    assert findings.silent[ABROAD].code == "RuntimeError"


def test_interrupt_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        looked(Finder({ABROAD: raising(KeyboardInterrupt())}), [ABROAD, HOME])


def test_unknown_regions_come_last_and_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "MAX_UNKNOWN", 7)
    finder = Finder({HOME: lambda: time.sleep(0.1)}, default=raising(unresolvable()))
    findings = looked(finder, [*INVENTED, HOME])
    assert finder.asked[0] == ("reservations", HOME, True)
    assert {is_known for _, region, is_known in finder.asked if region != HOME} == {False}
    assert (len(findings.missing), len(findings.postponed)) == (7, 93)
    assert findings.missing | findings.postponed == set(INVENTED)
    # Each gets its turn in some run.
    seen = set(findings.missing)
    for _ in range(500):
        seen |= looked(Finder({}, default=raising(unresolvable())), INVENTED).missing
    assert seen == set(INVENTED)


def test_regions_of_low_rank_are_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "MAX_UNKNOWN", 2)
    for _ in range(20):
        findings = look(
            Finder({NEW: lambda: None}, default=raising(unresolvable())),
            {**dict.fromkeys(INVENTED, 1), NEW: 0},
            (),
        )
        assert set(findings.reservations) == {NEW}


@pytest.mark.parametrize(
    ("region", "refusal", "is_missing"),
    [
        (NEW, unresolvable(), True),
        (NEW, unresolvable(getattr(socket, "EAI_NODATA", socket.EAI_NONAME)), True),
        # The DNS gave no answer, which says nothing about the name.
        (NEW, unresolvable(socket.EAI_AGAIN), False),
        (NEW, unreachable(), False),
        (NEW, OutcomeUnknown("ConnectTimeoutError", "No answer."), False),
        (NEW, RequestRefused("AuthFailure", "Not yours."), False),
        # botocore knows it, so there is such a Region.
        (ABROAD, unresolvable(), False),
    ],
)
def test_only_an_unresolvable_name_is_no_region(region: str, refusal: Refusal, is_missing: bool) -> None:
    findings = looked(Finder({region: raising(refusal)}), [region])
    assert (region in findings.missing) is is_missing
    assert (region in findings.silent) is not is_missing


class Types:
    """Regions that know their types' vCPUs, and first behave as a test says."""

    def __init__(self, actions: dict[str, Callable[[], None]]) -> None:
        self._actions = actions
        self.asked: dict[str, tuple[list[str], bool]] = {}

    def vcpus(self, region: str, types: Collection[str], *, is_known: bool) -> dict[str, int]:
        self.asked[region] = (sorted(types), is_known)
        self._actions.get(region, lambda: None)()
        return dict.fromkeys(types, 2)


def test_vcpus_are_looked_up_side_by_side(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "VCPU_SECONDS", 0.3)
    finder = Types({ABROAD: hanging, "us-west-2": raising(RequestRefused("AuthFailure", "Not yours."))})
    begun = time.monotonic()
    vcpus = look_up_vcpus(finder, {HOME: {"m5.large"}, ABROAD: {"m5.large"}, "us-west-2": {"a"}, NEW: {"b", "c"}})
    assert time.monotonic() - begun < 5
    assert (vcpus[HOME], vcpus[NEW]) == ({"m5.large": 2}, {"b": 2, "c": 2})
    assert [getattr(vcpus[region], "code", "") for region in (ABROAD, "us-west-2")] == ["NoAnswer", "AuthFailure"]
    assert finder.asked[HOME] == (["m5.large"], True)
    assert finder.asked[NEW] == (["b", "c"], False)
    assert look_up_vcpus(finder, {}) == {}


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        (HOME, "aws"),
        (NEW, "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("eusc-de-east-2", "aws-eusc"),
        ("us-isob-east-1", "aws-iso-b"),
        ("moon-far-1", None),
    ],
)
def test_partition_of_a_region(region: str, partition: str | None) -> None:
    assert partition_of(region) == partition


def test_find_shortfalls_has_time_for_all_looks(resources: dict[str, Any]) -> None:
    seconds = ec2_regions.REGION_SECONDS + 2 * ec2_regions.UNKNOWN_SECONDS + ec2_regions.VCPU_SECONDS
    # Half as much again for everything else, on the function's small share of a processor.
    assert 1.5 * seconds < resources["FindShortfalls"]["Properties"]["Timeout"]
