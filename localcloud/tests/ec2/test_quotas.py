"""On-Demand quotas as EC2 has them, and Service Quotas' answers about them."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.ec2.models.instance_types import INSTANCE_TYPES

from localcloud import ec2
from localcloud.ec2.client import CapacityClient
from localcloud.ec2.quotas import quota_of
from localcloud.extensions import service_quotas

from .conftest import REGION, Ec2, ManualClock

Refused = Callable[..., tuple[str, int]]
IMAGE = "ami-12345678"
CODES = {
    "L-1216C47A": 5,
    "L-6E869C2A": 0,
    "L-74FC7D96": 0,
    "L-DB2E81BA": 0,
    "L-F7808C92": 0,
    "L-43DA4232": 0,
    "L-1945791B": 0,
    "L-417A185B": 0,
    "L-2C3B7624": 0,
    "L-7295265B": 0,
}
"""As AWS's page lists them: ec2-on-demand-instances.html#ec2-on-demand-instances-limits."""


@pytest.fixture
def new_account(cloud: Ec2, clock: ManualClock) -> CapacityClient:
    """With its own quotas, and plenty of capacity."""
    ec2.install(clock, "aws", None)
    capacity = CapacityClient(cloud.endpoint)
    for instance_type in ("m5.large", "m5.xlarge", "c6i.large", "p5.48xlarge", "m6i.32xlarge"):
        capacity.set_free(instance_type, cloud.zone, 1000)
    return capacity


def launch(cloud: Ec2, count: int = 1, **more: Any) -> list[str]:
    launched = cloud.api.run_instances(
        ImageId=IMAGE,
        InstanceType="m5.large",
        MinCount=count,
        MaxCount=count,
        Placement={"AvailabilityZone": cloud.zone},
        **more,
    )
    return [instance["InstanceId"] for instance in launched["Instances"]]


def quotas(cloud: Ec2) -> Any:
    service_quotas.install()
    return boto3.Session().client(
        "service-quotas",
        region_name=REGION,
        endpoint_url=cloud.endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )


@pytest.mark.usefixtures("new_account")
def test_a_new_account_may_have_five_standard_vcpus_and_none_of_others(cloud: Ec2, refused: Refused) -> None:
    assert refused(cloud.create, InstanceType="m6i.32xlarge") == ("VcpuLimitExceeded", 400)
    assert refused(cloud.create, InstanceType="p5.48xlarge") == ("VcpuLimitExceeded", 400)
    made = cloud.create(InstanceType="m5.xlarge")
    assert refused(cloud.modify, made, InstanceCount=2)[0] == "VcpuLimitExceeded"
    # One vCPU is left, whatever the type.
    assert refused(cloud.create, InstanceType="c6i.large")[0] == "VcpuLimitExceeded"
    cloud.cancel(made)
    cloud.create(InstanceType="c6i.large", InstanceCount=2)


def test_each_family_has_its_own(cloud: Ec2, new_account: CapacityClient, refused: Refused) -> None:
    new_account.set_vcpu_quota(REGION, 192, "p")
    cloud.create(InstanceType="p5.48xlarge")
    cloud.create(InstanceType="m5.large", InstanceCount=2)
    assert refused(cloud.create, InstanceType="p5.48xlarge")[0] == "VcpuLimitExceeded"
    used = {one.name: (one.vcpus, one.used) for one in new_account.vcpu_quotas(REGION) if one.used}
    assert used == {"p": (192, 192), "standard": (5, 4)}


def test_instances_and_unused_reservations_both_count_and_none_twice(
    cloud: Ec2, new_account: CapacityClient, refused: Refused
) -> None:
    (outside,) = launch(cloud)
    # It takes that instance in, and needs room for one more.
    made = cloud.create(InstanceType="m5.large", InstanceCount=2)
    assert [one.used for one in new_account.vcpu_quotas(REGION) if one.name == "standard"] == [4]
    # There is room in the reservation, and beside it there is not.
    launch(cloud)
    assert refused(launch, cloud) == ("VcpuLimitExceeded", 400)
    # In the end both run beside it, and still count.
    cloud.cancel(made)
    assert refused(launch, cloud)[0] == "VcpuLimitExceeded"
    cloud.api.terminate_instances(InstanceIds=[outside])
    launch(cloud)


@pytest.mark.usefixtures("new_account")
def test_launches_count_towards_the_quota(cloud: Ec2, refused: Refused) -> None:
    assert refused(launch, cloud, 3) == ("VcpuLimitExceeded", 400)
    launch(cloud, 2)
    launch(cloud, InstanceMarketOptions={"MarketType": "spot"})  # Spot Instances have quotas of their own


def test_service_quotas_answers_what_is_in_force(cloud: Ec2, new_account: CapacityClient) -> None:
    client = quotas(cloud)
    new_account.set_vcpu_quota(REGION, 640, "L-1216C47A")
    in_force = {code: client.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"] for code in CODES}
    assert {code: quota["Value"] for code, quota in in_force.items()} == {**CODES, "L-1216C47A": 640}
    one = in_force["L-1216C47A"]
    assert (one["Value"], one["QuotaArn"]) == (640, f"arn:aws:servicequotas:{REGION}:123456789012:ec2/L-1216C47A")
    assert one["QuotaName"] == "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"
    default = client.get_aws_default_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]
    assert (default["Value"], default["QuotaArn"]) == (5, f"arn:aws:servicequotas:{REGION}::ec2/L-1216C47A")
    with pytest.raises(client.exceptions.NoSuchResourceException):
        client.get_service_quota(ServiceCode="ec2", QuotaCode="L-0")
    assert client.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"]


def test_every_type_of_ec2_has_its_quota() -> None:
    names = {name: quota.name if (quota := quota_of(name)) else "none" for name in INSTANCE_TYPES}
    assert {name[:3] for name, quota in names.items() if quota == "none"} == {"mac"}
    # moto's data say which types have accelerators. None of these is Standard.
    accelerators = {"GpuInfo", "FpgaInfo", "InferenceAcceleratorInfo", "NeuronInfo"}
    accelerated = {names[name] for name, described in INSTANCE_TYPES.items() if accelerators & set(described)}
    assert accelerated == {"dl", "f", "g", "inf", "p", "trn"}


@pytest.mark.parametrize(
    ("instance_type", "name"),
    [
        ("hpc7a.96xlarge", "hpc"),
        ("h1.2xlarge", "standard"),
        ("dl1.24xlarge", "dl"),
        ("d3.xlarge", "standard"),
        ("trn1.2xlarge", "trn"),
        ("t3.micro", "standard"),
        ("inf2.xlarge", "inf"),
        ("is4gen.large", "standard"),
        ("vt1.3xlarge", "g"),
        ("u-6tb1.metal", "high-memory"),
        ("u7i-12tb.224xlarge", "high-memory"),
        ("x2iedn.xlarge", "x"),
    ],
)
def test_a_family_is_more_than_its_first_letter(instance_type: str, name: str) -> None:
    quota = quota_of(instance_type)
    assert quota is not None
    assert quota.name == name


def test_regions_of_another_partition_know_nobody(cloud: Ec2, new_account: CapacityClient, refused: Refused) -> None:
    with pytest.raises(ValueError, match="cn-north-1 is in another partition"):
        new_account.set_free("m5.large", "cn-north-1a", 5)
    for region in ("cn-north-1", "us-gov-west-1"):
        cloud.use(region)
        assert refused(cloud.describe) == ("AuthFailure", 401)
        assert refused(cloud.create, AvailabilityZone=f"{region}a") == ("AuthFailure", 401)
        assert refused(cloud.api.describe_instance_types) == ("AuthFailure", 401)
    cloud.use("us-west-2")
    assert refused(cloud.create, AvailabilityZone="cn-north-1a") == ("InvalidParameterValue", 400)
