"""Regions are asked side by side: whatever one does, the others are seen, and in time."""

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
    """As boto3 and the gateway raise it."""
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
    """An EC2 in which each Region does what a test says."""

    def __init__(self, doing: dict[str, Callable[[], None]], usually: Callable[[], None] = lambda: None) -> None:
        self._doing, self._usually = doing, usually
        self.asked: list[tuple[str, str, bool]] = []

    def find_in_region(self, region: str, *, is_known: bool = True) -> list[Reservation]:
        self.asked.append(("reservations", region, is_known))
        self._doing.get(region, self._usually)()
        return [reservation(region)]

    def zone_names(self, region: str, *, is_known: bool = True) -> dict[str, str]:
        self.asked.append(("zones", region, is_known))
        self._doing.get(f"{region} zones", lambda: None)()
        return {"x-az1": f"{region}a"}


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.fixture
def hanging() -> Iterator[Callable[[], None]]:
    """What a Region does that never answers."""
    end = threading.Event()

    def hang() -> None:
        end.wait()

    yield hang
    end.set()


def looked(finder: Finder, regions: list[str], zones_of: tuple[str, ...] = ()) -> Findings:
    return look(finder, dict.fromkeys(regions, 0), zones_of)


def test_each_region_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 30.0)
    finder = Finder({})
    findings = looked(finder, [HOME, ABROAD], (ABROAD,))
    assert findings.reservations == {region: [reservation(region)] for region in (HOME, ABROAD)}
    assert findings.zones == {ABROAD: {"x-az1": "us-east-1a"}}
    assert findings.unseen == set()


def test_a_region_that_hangs_takes_no_other_along(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    begun = time.monotonic()
    findings = looked(Finder({ABROAD: hanging}), [ABROAD, HOME, NEW])
    assert time.monotonic() - begun < 5
    assert set(findings.reservations) == {HOME, NEW}
    assert findings.silent[ABROAD].code == "NoAnswer"


def test_regions_that_hang_cost_their_time_once(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    monkeypatch.setattr(ec2_regions, "UNKNOWN_SECONDS", 0.2)
    begun = time.monotonic()
    findings = looked(Finder({HOME: lambda: None}, usually=hanging), [HOME, *known_regions(), *INVENTED])
    assert time.monotonic() - begun < 5
    assert set(findings.reservations) == {HOME}
    assert set(findings.silent) >= set(known_regions()) - {HOME}


def test_zones_that_are_not_told_hide_no_reservation(
    monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]
) -> None:
    monkeypatch.setattr(ec2_regions, "REGION_SECONDS", 0.3)
    findings = looked(Finder({f"{HOME} zones": hanging}), [HOME], (HOME,))
    assert set(findings.reservations) == {HOME}
    assert isinstance(findings.zones[HOME], Refusal)


def test_what_nobody_foresaw_is_one_regions_trouble() -> None:
    findings = looked(Finder({ABROAD: raising(RuntimeError("!"))}), [ABROAD, HOME])
    assert set(findings.reservations) == {HOME}
    assert findings.silent[ABROAD].code == "RuntimeError"


def test_the_end_of_the_process_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        looked(Finder({ABROAD: raising(KeyboardInterrupt())}), [ABROAD, HOME])


def test_invented_regions_come_last_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "MAX_UNKNOWN", 7)
    finder = Finder({HOME: lambda: time.sleep(0.1)}, usually=raising(unresolvable()))
    findings = looked(finder, [*INVENTED, HOME])
    assert finder.asked[0] == ("reservations", HOME, True)
    assert {is_known for _, region, is_known in finder.asked if region != HOME} == {False}
    assert (len(findings.missing), len(findings.postponed)) == (7, 93)
    assert findings.missing | findings.postponed == set(INVENTED)
    # All have their turn.
    seen = set(findings.missing)
    for _ in range(500):
        seen |= looked(Finder({}, usually=raising(unresolvable())), INVENTED).missing
    assert seen == set(INVENTED)


def test_those_that_answered_before_are_asked_before_all_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ec2_regions, "MAX_UNKNOWN", 2)
    for _ in range(20):
        findings = look(
            Finder({NEW: lambda: None}, usually=raising(unresolvable())),
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
def test_only_what_does_not_resolve_is_no_region(region: str, refusal: Refusal, is_missing: bool) -> None:
    findings = looked(Finder({region: raising(refusal)}), [region])
    assert (region in findings.missing) is is_missing
    assert (region in findings.silent) is not is_missing


class Types:
    """What Regions say of their types' vCPUs; each does first what a test says."""

    def __init__(self, doing: dict[str, Callable[[], None]]) -> None:
        self._doing = doing
        self.asked: dict[str, tuple[list[str], bool]] = {}

    def vcpus(self, region: str, types: Collection[str], *, is_known: bool = True) -> dict[str, int]:
        self.asked[region] = (sorted(types), is_known)
        self._doing.get(region, lambda: None)()
        return dict.fromkeys(types, 2)


def test_vcpus_are_looked_up_side_by_side(monkeypatch: pytest.MonkeyPatch, hanging: Callable[[], None]) -> None:
    monkeypatch.setattr(ec2_regions, "VCPU_SECONDS", 0.3)
    finder = Types({ABROAD: hanging, "us-west-2": raising(RequestRefused("AuthFailure", "Not yours."))})
    begun = time.monotonic()
    found = look_up_vcpus(finder, {HOME: {"m5.large"}, ABROAD: {"m5.large"}, "us-west-2": {"a"}, NEW: {"b", "c"}})
    assert time.monotonic() - begun < 5
    assert (found[HOME], found[NEW]) == ({"m5.large": 2}, {"b": 2, "c": 2})
    assert [getattr(found[region], "code", "") for region in (ABROAD, "us-west-2")] == ["NoAnswer", "AuthFailure"]
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
def test_the_partition_of_a_region(region: str, partition: str | None) -> None:
    assert partition_of(region) == partition


def test_the_function_has_time_for_all_of_it(resources: dict[str, Any]) -> None:
    seconds = ec2_regions.REGION_SECONDS + 2 * ec2_regions.UNKNOWN_SECONDS + ec2_regions.VCPU_SECONDS
    # As much again for what comes before and after, on the little of a processor that the function has.
    assert 1.5 * seconds < resources["FindShortfalls"]["Properties"]["Timeout"]
