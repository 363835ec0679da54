"""The Price List Query API as a service of moto, which finds services by their module and host.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.core.responses import BaseResponse

from localcloud.pricing.prices import Prices

_NAME = "pricing"
_HOST = r"https?://(api\.)?pricing\.(.+)\.amazonaws\.com"
_MOST = 100
"""Products in one answer."""
_STATUS = {"InternalErrorException": 500}


class PricingResponse(BaseResponse):
    """Handles one request."""

    prices: Prices

    def __init__(self) -> None:
        super().__init__(service_name="pricing")

    def get_products(self) -> str:
        """The products that pass all filters, each as JSON in a text."""
        if code := self.prices.refusal():
            error = JsonRESTError(code, "Refused, as a test has asked for")
            error.code = _STATUS.get(code, 400)
            raise error
        asked: dict[str, Any] = json.loads(self.body)
        if asked.get("ServiceCode") != "AmazonEC2":
            raise JsonRESTError("NotFoundException", "The local cloud's price list has AmazonEC2 only")
        wanted = dict(_filter(one) for one in asked.get("Filters", []))
        first, most = int(asked.get("NextToken", "0")), asked.get("MaxResults", _MOST)
        if not 1 <= most <= _MOST:
            raise JsonRESTError("InvalidParameterException", f"MaxResults must be from 1 to {_MOST}")
        products = [json.dumps(product) for product in self.prices.products(wanted)]
        answer: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": products[first : first + most]}
        if first + most < len(products):
            answer["NextToken"] = str(first + most)
        return json.dumps(answer)


def _filter(given: dict[str, str]) -> tuple[str, str]:
    if given.get("Type") not in ("TERM_MATCH", "EQUALS") or not given.get("Field") or not given.get("Value"):
        raise JsonRESTError("InvalidParameterException", "The local cloud knows filters of Type TERM_MATCH and EQUALS")
    return given["Field"], given["Value"]


class PricingBackend(BaseBackend):
    """Only tells moto the path: the prices are the same for all accounts."""

    @property
    def _url_module(self) -> Any:
        return SimpleNamespace(url_bases=[_HOST], url_paths={"{0}/$": PricingResponse.dispatch})


def install() -> Prices:
    """Adds the service to moto's server; its prices, as they are at first. A second call empties what was set."""
    if f"moto.{_NAME}" not in sys.modules:
        module = ModuleType(f"moto.{_NAME}")
        module.__dict__["pricing_backends"] = BackendDict(PricingBackend, _NAME)
        sys.modules[module.__name__] = module
        backend_index.backend_url_patterns.append((_NAME, re.compile(_HOST)))
    PricingResponse.prices = Prices()
    return PricingResponse.prices
