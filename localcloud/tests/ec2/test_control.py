"""The control API, its client, and installing."""

import http.client
import json
import subprocess
import sys
from typing import Any

import pytest

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.faults import DESCRIBE, Fault, FaultKind
from localcloud.ec2.pools import Pool
from localcloud.ec2.zones import region_of


def test_pools(cloud: Any, capacity: Any) -> None:
    capacity.set_free("m5.xlarge", "ap-northeast-1a", 4)
    capacity.add_free("m5.xlarge", "ap-northeast-1a", 3)
    capacity.add_free("c6i.large", "us-west-2b", 2)
    capacity.add_free(cloud.type, cloud.zone, -5)
    assert capacity.pools() == [
        Pool("c6i.large", "us-west-2b", 2),
        Pool("m5.xlarge", "ap-northeast-1a", 7),
        Pool(cloud.type, cloud.zone, 15),
    ]
    assert capacity.free("m5.xlarge", "ap-northeast-1d") == 0


@pytest.mark.parametrize(
    ("instance_type", "zone", "free", "says"),
    [
        ("r5b.2xlarge", "ap-northeast-1c", -1, "give 0 or more"),
        ("r5b.2xlarge", "Tokyo", 1, "name one such as"),
        ("r5b.2xlarge", "ap-northeast-1", 1, "name one such as"),
        ("r5b.2xlarge", "ap-northeast-1z", 1, "ap-northeast-1a, ap-northeast-1c"),
        ("r5b.2xlarge", "xx-nowhere-1a", 1, "in no Region"),
        ("r5b.twoxlarge", "ap-northeast-1c", 1, "no instance type"),
        ("", "ap-northeast-1c", 1, "Give InstanceType"),
        ("r5b.2xlarge", "ap-northeast-1c", 1.5, "whole number"),
    ],
)
def test_pools_that_cannot_be(capacity: Any, instance_type: str, zone: str, free: Any, says: str) -> None:
    before = capacity.pools()
    with pytest.raises(ValueError, match=says):
        capacity.set_free(instance_type, zone, free)
    assert capacity.pools() == before


def test_more_is_not_taken_away_than_there_is(cloud: Any, capacity: Any) -> None:
    with pytest.raises(ValueError, match="has 20 free"):
        capacity.add_free(cloud.type, cloud.zone, -21)


def test_quotas_that_cannot_be(capacity: Any) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        capacity.set_vcpu_quota("ap-northeast-1", -1)
    with pytest.raises(ValueError, match="no Region"):
        capacity.set_vcpu_quota("Tokyo", 1)
    with pytest.raises(ValueError, match="no quota 'gpu'; name one of dl, f, g, "):
        capacity.set_vcpu_quota("ap-northeast-1", 1, "gpu")


def ask(cloud: Any, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=10)
    connection.request(method, path, body)
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def test_over_http(cloud: Any) -> None:
    key = {"InstanceType": cloud.type, "AvailabilityZone": cloud.zone}
    assert ask(cloud, "GET", "/localcloud/capacity") == (200, {"Pools": [key | {"Free": 20}]})
    assert ask(cloud, "PUT", "/localcloud/capacity", json.dumps(key | {"Free": 3})) == (200, key | {"Free": 3})
    assert ask(cloud, "PUT", "/localcloud/capacity", json.dumps(key | {"Add": 2})) == (200, key | {"Free": 5})


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        ("PUT", "capacity", "nonsense", "JSON object"),
        ("PUT", "capacity", "[]", "JSON object"),
        ("PUT", "capacity", '{"InstanceType": "m5.large", "AvailabilityZone": "us-west-2a"}', "Give Free"),
        ("PUT", "quota", '{"Region": "us-west-2"}', "Give VCpus"),
        ("PUT", "tokens", '{"RememberRefused": "no"}', "true or false"),
        ("PUT", "offering", '{"Offered": true}', "Give InstanceType"),
        ("POST", "faults", '{"sort": "late"}', "fields of a fault"),
        ("POST", "faults", '{"action": "CreateCapacityReservation", "kind": "throttled", "times": "x"}', "times"),
    ],
)
def test_wrong_requests_are_told_what_to_do(cloud: Any, method: str, path: str, body: str, says: str) -> None:
    status, answer = ask(cloud, method, f"/localcloud/{path}", body)
    assert status == 400
    assert says in answer["Message"]


def test_a_wrong_endpoint() -> None:
    with pytest.raises(ValueError, match="no endpoint"):
        CapacityClient("localhost")


def test_reset_empties_everything(cloud: Any, capacity: Any) -> None:
    tags = [{"ResourceType": "capacity-reservation", "Tags": [{"Key": "a", "Value": "b"}]}]
    cloud.create(ClientToken="a", TagSpecifications=tags)
    capacity.set_offered("m5.xlarge", cloud.zone, offered=False)
    capacity.inject(Fault(DESCRIBE, FaultKind.THROTTLED, times=None))
    cloud.api.create_placement_group(GroupName="near")
    capacity.set_free("m5.xlarge", "ap-northeast-1a", 1)
    cloud.api.run_instances(ImageId="ami-12345678", InstanceType="m5.xlarge", MinCount=1, MaxCount=1)
    capacity.set_vcpu_quota("ap-northeast-1", 0)
    capacity.reset()
    assert (capacity.pools(), capacity.calls()) == ([], [])
    assert cloud.api.describe_instances()["Reservations"] == []
    assert cloud.api.describe_placement_groups()["PlacementGroups"] == []
    assert cloud.describe() == []
    of_reservations = [{"Name": "resource-type", "Values": ["capacity-reservation"]}]
    assert cloud.api.describe_tags(Filters=of_reservations)["Tags"] == []
    capacity.set_free(cloud.type, cloud.zone, 2)
    capacity.set_free("m5.xlarge", cloud.zone, 2)
    cloud.create(ClientToken="a", InstanceCount=2)
    cloud.create(InstanceType="m5.xlarge")


def test_installing_again_swaps_the_clock_and_empties_the_state(cloud: Any, capacity: Any) -> None:
    cloud.create()
    ec2.install(Clock(speed=2))
    assert (cloud.describe(), capacity.pools()) == ([], [])


def test_the_client_does_without_moto() -> None:
    program = (
        "import sys, localcloud.ec2.client; sys.exit(any(name.startswith(('moto', 'flask')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("ap-northeast-1c", "ap-northeast-1"),
        ("us-gov-west-1b", "us-gov-west-1"),
        ("us-west-2-lax-1a", "us-west-2"),
        ("us-east-1-wl1-bos-wlz-1", "us-east-1"),
        ("eusc-de-east-1a", "eusc-de-east-1"),
    ],
)
def test_the_region_of_a_zone(zone: str, region: str) -> None:
    assert region_of(zone) == region
