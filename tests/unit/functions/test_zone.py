import botocore.session
import pytest

from odcr.domain.zone import as_ec2_writes, is_zone_id, nearest, reason_to_reject_zone, region_of

LOADER = botocore.session.Session().get_component("data_loader")
REGIONS = sorted(
    region
    for name in ("partitions", "endpoints")
    for partition in LOADER.load_data(name)["partitions"]
    for region in partition["regions"]
    if not region.endswith("-global")
)

# From AWS's page on AZ IDs, and for the isolated partitions from AWS ParallelCluster's tests.
IDS = {
    "afs1": "af-south-1",
    "ape1": "ap-east-1",
    "ape2": "ap-east-2",
    "apne1": "ap-northeast-1",
    "apne2": "ap-northeast-2",
    "apne3": "ap-northeast-3",
    "aps1": "ap-south-1",
    "aps2": "ap-south-2",
    "apse1": "ap-southeast-1",
    "apse7": "ap-southeast-7",
    "cac1": "ca-central-1",
    "caw1": "ca-west-1",
    "cnn1": "cn-north-1",
    "cnnw1": "cn-northwest-1",
    "euc1": "eu-central-1",
    "eun1": "eu-north-1",
    "eus2": "eu-south-2",
    "euw3": "eu-west-3",
    "ilc1": "il-central-1",
    "mec1": "me-central-1",
    "mes1": "me-south-1",
    "mxc1": "mx-central-1",
    "sae1": "sa-east-1",
    "use1": "us-east-1",
    "usw2": "us-west-2",
    "usge1": "us-gov-east-1",
    "usgw1": "us-gov-west-1",
    "usie1": "us-iso-east-1",
    "usibe1": "us-isob-east-1",
}


@pytest.mark.parametrize("region", REGIONS)
def test_the_zones_of_every_region_that_botocore_knows_are_understood(region: str) -> None:
    for zone in (f"{region}a", f"{region}-lax-1a", f"{region}-wl1-bos-wlz-1", f"{region}-cmn-wlz-1a"):
        assert region_of(zone) == region
        assert reason_to_reject_zone(zone) is None
        assert not is_zone_id(zone)


@pytest.mark.parametrize(("short", "region"), IDS.items())
def test_a_zones_id_tells_its_region(short: str, region: str) -> None:
    for zone in (f"{short}-az1", f"{short}-lax1-az1", f"{short}-wl1-bos-wlz1", f"{short}-cmn1-wlz1"):
        assert region_of(zone) == region
        assert reason_to_reject_zone(zone) is None
        assert is_zone_id(zone)


def test_a_zone_id_of_unknown_form_may_still_be_valid() -> None:
    assert region_of("xyz1-az1") is None
    assert is_zone_id("xyz1-az1")
    assert reason_to_reject_zone("xyz1-az1") is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ap-northeast-1",
        "ap-northeast-1C",
        "tokyo",
        " us-east-1a",
        "us-east-1a\n",
        "us-east-1a-",
        "apne1",
        "apne1-az",
    ],
)
def test_an_invalid_zone_has_no_region(name: str) -> None:
    assert region_of(name) is None
    assert reason_to_reject_zone(name) is not None


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("AP-NORTHEAST-1C", "Write it as EC2 does, 'ap-northeast-1c':"),
        (" ap-northeast-1c\n", "Write it as EC2 does, 'ap-northeast-1c':"),
        ("ap-northeast-1c\N{NO-BREAK SPACE}", "Write it as EC2 does, 'ap-northeast-1c':"),
        ("APNE1-AZ1", "Write it as EC2 does, 'apne1-az1':"),
        ("ap-northeast-1", "Write a zone of the Region, e.g. 'ap-northeast-1a':"),
        ("EUSC-DE-EAST-1", "Write a zone of the Region, e.g. 'eusc-de-east-1a':"),
        ("arn:aws:outposts:us-east-1:123456789012:outpost/op-1234567890abcdef0", "nothing is reserved on an Outpost"),
        ("op-1234567890abcdef0", "nothing is reserved on an Outpost"),
        ("Tokyo", "Write it as EC2 does, e.g. 'ap-northeast-1c' or 'apne1-az1':"),
        ("", "Write it as EC2 does, e.g. 'ap-northeast-1c' or 'apne1-az1':"),
    ],
)
def test_an_invalid_zone_is_reported_with_what_to_write(zone: str, says: str) -> None:
    assert says in str(reason_to_reject_zone(zone))


def test_ec2s_spelling_has_neither_blanks_nor_capitals() -> None:
    assert as_ec2_writes("\t R5B.2xlarge \N{IDEOGRAPHIC SPACE}") == "r5b.2xlarge"


def test_the_nearest_names_are_suggested() -> None:
    assert nearest("ap-notheast-1", REGIONS).startswith(" Did you mean ap-northeast-1")
    assert nearest("apne1-az9", ["apne1-az1", "usw2-az1"]) == " Did you mean apne1-az1?"
    assert nearest("xx", REGIONS) == ""
