"""The control API, its client, and installing."""

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
    ],
)
def test_invalid_pools(capacity: Any, instance_type: str, zone: str, free: Any, says: str) -> None:
    before = capacity.pools()
    with pytest.raises(ValueError, match=says):
        capacity.set_free(instance_type, zone, free)
    assert capacity.pools() == before


@pytest.mark.parametrize(
    ("action", "arguments", "says"),
    [
        ("buy", {}, "no attribute 'buy'"),
        ("set_free", {"instance_type": "m5.large"}, "missing 2 required"),
        ("pools", {"zone": "ap-northeast-1a"}, "unexpected keyword"),
        ("set_free", {"instance_type": "m5.large", "zone": "ap-northeast-1a", "free": "many"}, "not supported between"),
    ],
)
def test_a_program_that_does_not_know_the_methods_is_told(
    capacity: Any, action: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=f"{says}.*CapacityClient"):
        capacity._call(action, **arguments)


def test_a_pool_never_becomes_negative(cloud: Any, capacity: Any) -> None:
    with pytest.raises(ValueError, match="has 20 free"):
        capacity.add_free(cloud.type, cloud.zone, -21)


def test_invalid_quotas(capacity: Any) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        capacity.set_vcpu_quota("ap-northeast-1", -1)
    with pytest.raises(ValueError, match="no Region"):
        capacity.set_vcpu_quota("Tokyo", 1)
    with pytest.raises(ValueError, match="no quota 'gpu'; name one of dl, f, g, "):
        capacity.set_vcpu_quota("ap-northeast-1", 1, "gpu")


def test_a_wrong_endpoint() -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
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
    assert cloud.describe() == []
    of_reservations = [{"Name": "resource-type", "Values": ["capacity-reservation"]}]
    assert cloud.api.describe_tags(Filters=of_reservations)["Tags"] == []
    capacity.set_free(cloud.type, cloud.zone, 2)
    capacity.set_free("m5.xlarge", cloud.zone, 2)
    cloud.create(ClientToken="a", InstanceCount=2)
    cloud.create(InstanceType="m5.xlarge")
    cloud.api.create_placement_group(GroupName="near")


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
