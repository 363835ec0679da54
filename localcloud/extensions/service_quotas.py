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

_SERVICE = "ec2"
_moto_list_defaults = ServiceQuotasBackend.list_aws_default_service_quotas
_moto_get = ServiceQuotasBackend.get_service_quota


def install() -> None:
    """Extends moto's Service Quotas in this process."""
    for owner, name, method in (
        (ServiceQuotasBackend, "list_aws_default_service_quotas", _list_defaults),
        (ServiceQuotasBackend, "get_service_quota", _get),
        (ServiceQuotasResponse, "list_service_quotas", _list_service_quotas),
        (ServiceQuotasResponse, "get_aws_default_service_quota", _get_aws_default_service_quota),
    ):
        setattr(owner, name, method)


def _list_defaults(self: Any, service_code: str) -> list[dict[str, Any]]:
    if service_code != _SERVICE:
        return _moto_list_defaults(self, service_code)
    return [_default(self, quota) for quota in QUOTAS]


def _get(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
    if service_code != _SERVICE:
        return _moto_get(self, service_code, quota_code)
    return _applied(self, _coded(quota_code))


def _list_service_quotas(self: Any) -> str:
    """ListServiceQuotas, on one page."""
    service_code = str(json.loads(self.body).get("ServiceCode"))
    if service_code != _SERVICE:
        return json.dumps({"Quotas": _moto_list_defaults(self.backend, service_code)})
    return json.dumps({"Quotas": [_applied(self.backend, quota) for quota in QUOTAS]})


def _get_aws_default_service_quota(self: Any) -> str:
    """GetAWSDefaultServiceQuota."""
    given = json.loads(self.body)
    if given.get("ServiceCode") != _SERVICE:
        raise NoSuchResource
    return json.dumps({"Quota": _default(self.backend, _coded(str(given.get("QuotaCode"))))})


def _coded(code: str) -> Quota:
    for quota in QUOTAS:
        if quota.code == code:
            return quota
    raise NoSuchResource


def _applied(backend: Any, quota: Quota) -> dict[str, Any]:
    state = current()
    with state.lock:
        return _described(backend, quota, state.quotas.vcpus(backend.region_name, quota), backend.account_id)


def _default(backend: Any, quota: Quota) -> dict[str, Any]:
    return _described(backend, quota, quota.of_new_account, "")


def _described(backend: Any, quota: Quota, vcpus: int, account: str) -> dict[str, Any]:
    # https://docs.aws.amazon.com/cli/latest/userguide/cli_service-quotas_code_examples.html
    return {
        "ServiceCode": _SERVICE,
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:{backend.partition}:servicequotas:{backend.region_name}:{account}:{_SERVICE}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.title,
        "Value": float(vcpus),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
