"""Service Quotas: EC2's On-Demand quotas, as the local EC2 enforces them. moto has only those of VPC.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ServiceQuota.html
"""

import json
from collections.abc import Callable
from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from localcloud.ec2.quotas import QUOTAS, Quota
from localcloud.ec2.state import current


def install() -> None:
    """Extends moto's Service Quotas in this process."""
    for name, quotas in (
        ("list_aws_default_service_quotas", _defaults),
        ("get_aws_default_service_quota", _defaults),
        ("list_service_quotas", _applied),
        ("get_service_quota", _applied),
    ):
        setattr(ServiceQuotasResponse, name, (_listing if name.startswith("list") else _getting)(quotas))


Quotas = Callable[[ServiceQuotasBackend, str], list[dict[str, Any]]]


def _listing(quotas: Quotas) -> Callable[[Any], str]:
    """An API that lists all on one page."""
    return lambda self: json.dumps({"Quotas": quotas(self.backend, json.loads(self.body)["ServiceCode"])})


def _getting(quotas: Quotas) -> Callable[[Any], str]:
    def get(self: Any) -> str:
        asked = json.loads(self.body)
        for quota in quotas(self.backend, asked["ServiceCode"]):
            if quota["QuotaCode"] == asked["QuotaCode"]:
                return json.dumps({"Quota": quota})
        raise NoSuchResource

    return get


def _defaults(backend: ServiceQuotasBackend, service_code: str) -> list[dict[str, Any]]:
    if service_code != "ec2":
        return backend.list_aws_default_service_quotas(service_code)
    return [_described(backend, quota, quota.of_new_account, "") for quota in QUOTAS]


def _applied(backend: ServiceQuotasBackend, service_code: str) -> list[dict[str, Any]]:
    if service_code != "ec2":
        return backend.list_aws_default_service_quotas(service_code)
    state = current()
    with state.lock:
        vcpus = [(quota, state.quotas.vcpus(backend.region_name, quota)) for quota in QUOTAS]
    return [_described(backend, quota, value, backend.account_id) for quota, value in vcpus]


def _described(backend: ServiceQuotasBackend, quota: Quota, vcpus: int, account: str) -> dict[str, Any]:
    # https://docs.aws.amazon.com/cli/latest/userguide/cli_service-quotas_code_examples.html
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:{backend.partition}:servicequotas:{backend.region_name}:{account}:ec2/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.title,
        "Value": float(vcpus),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
