"""Where the service goes into moto, which finds its own by the module's name and by the host."""

import re
import sys
from types import ModuleType
from typing import Any

from moto import backend_index
from moto.core.base_backend import BackendDict, BaseBackend

from localcloud.pricing.responses import PricingResponse

_NAME = "pricing"
_HOST = r"https?://(api\.)?pricing\.(.+)\.amazonaws\.com"


class PricingBackend(BaseBackend):
    """It has nothing but its path: the prices are the same for all accounts."""

    @property
    def url_bases(self) -> list[str]:
        """The hosts that it answers for."""
        return [_HOST]

    @property
    def _url_module(self) -> Any:
        module = ModuleType(f"moto.{_NAME}.urls")
        module.__dict__.update(url_bases=[_HOST], url_paths={"{0}/$": PricingResponse.dispatch})
        return module


def add_service() -> None:
    """Makes moto's server answer for it. The second call does nothing."""
    if f"moto.{_NAME}" in sys.modules:
        return
    module = ModuleType(f"moto.{_NAME}")
    module.__dict__["pricing_backends"] = BackendDict(PricingBackend, _NAME)
    sys.modules[module.__name__] = module
    backend_index.backend_url_patterns.append((_NAME, re.compile(_HOST)))
