"""AWS's Price List Query API for moto, which has none: GetProducts for EC2's instances, with prices of its own.

No price is AWS's. Each product says so.
"""

from localcloud.pricing.prices import Prices
from localcloud.pricing.service import PricingResponse, add_service


def install() -> Prices:
    """Adds the service to moto; its prices, as they are at first. A second call empties what was set."""
    add_service()
    PricingResponse.prices = Prices()
    return PricingResponse.prices
