"""What botocore reads once in a process is shared by all clients, so nobody may change it."""

import gzip
import json
from pathlib import Path

import moto.core.loaders
import pytest
from botocore.loaders import Loader

from localcloud.botocore_files import read_once


@pytest.mark.parametrize("service", ["ec2", "sqs", "s3"])
def test_what_moto_adds_to_a_model_is_not_in_botocore_s(service: str) -> None:
    read_once()
    moto.core.loaders.create_loader().load_service_model(service, "service-2")
    name = f"{service}/{Loader().determine_latest_version(service, 'service-2')}/service-2"
    model, path = Loader().load_data_with_path(name)
    assert model == json.loads(gzip.decompress(Path(f"{path}.json.gz").read_bytes()))


def test_clients_share_a_model() -> None:
    read_once()
    assert Loader().load_service_model("ec2", "service-2") is Loader().load_service_model("ec2", "service-2")
