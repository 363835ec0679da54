"""Service Quotas: EC2's On-Demand quotas, as the local EC2 enforces them. moto has only those of VPC.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ServiceQuota.html
"""

import json
from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from localcloud.ec2.quotas import QUOTAS, Quota
from localcloud.ec2.state import current

_moto_get_service_quota = ServiceQuotasBackend.get_service_quota


def install() -> None:
    """Extends moto's Service Quotas in this process."""
    setattr(ServiceQuotasBackend, "get_service_quota", _get_service_quota)  # noqa: B010 - mypy minds the assignment
    setattr(ServiceQuotasResponse, "get_aws_default_service_quota", _get_default)  # noqa: B010


def _get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    """ServiceQuotasBackend.get_service_quota."""
    if service_code != "ec2":
        return _moto_get_service_quota(self, service_code, quota_code)
    quota, state = _quota(quota_code), current()
    with state.lock:
        return _described(self, quota, state.vcpu_limit(self.region_name, quota), self.account_id)


def _get_default(self: Any) -> str:
    asked = json.loads(self.body)
    if asked["ServiceCode"] != "ec2":
        return str(self.get_service_quota())
    quota = _quota(asked["QuotaCode"])
    return json.dumps({"Quota": _described(self.backend, quota, quota.of_new_account, "")})


def _quota(code: str) -> Quota:
    for quota in QUOTAS:
        if quota.code == code:
            return quota
    raise NoSuchResource


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
