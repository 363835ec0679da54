"""Links lead to the console of the partition in which the stack is."""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from samcli.yamlhelper import yaml_parse

from localcloud.cloudformation.template import packaged
from localcloud.cloudformation.transform import expand

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
LOADER = botocore.session.Session().get_component("data_loader")
PARTITIONS = {partition["id"]: partition for partition in LOADER.load_data("partitions")["partitions"]}


def sign_in_domains() -> dict[str, str]:
    """The domain of the console's sign-in by partition, as botocore's rules have it."""
    rules = json.dumps(LOADER.load_service_model("signin", "endpoint-rule-set-1"))
    by_partition = re.findall(r'\{"ref": "PartitionResult"\}, "name"\]\}, "([a-z-]+)"\].*?"url": "([^"]+)"', rules)
    return {
        partition: url.removeprefix("https://{Region}.signin.")
        for partition, url in by_partition
        if url.startswith("https://{Region}.signin.") and "#" not in url
    }


def consoles() -> dict[str, str]:
    mapped = yaml_parse(TEMPLATE.read_text())["Mappings"]["Consoles"]
    return {partition: domain["Domain"] for partition, domain in mapped.items()}


def test_every_partition_has_its_console() -> None:
    assert set(consoles()) == set(PARTITIONS)


@pytest.mark.parametrize("partition", sorted(PARTITIONS))
def test_the_console_is_where_people_sign_in(partition: str) -> None:
    assert consoles()[partition] == f"console.{sign_in_domains()[partition]}"


def test_no_link_is_of_one_partition_only() -> None:
    expanded: dict[str, Any] = expand(packaged(TEMPLATE.read_text()), {}, "ap-northeast-1")
    text = json.dumps({name: expanded[name] for name in ("Resources", "Outputs")})
    links = re.findall(r"https://[^/ )\"]*", text)
    assert links
    assert {link for link in links if "console" in link.lower()} == {"https://${AWS::Region}.${Console}"}
