"""AWS's Price List Query API, which moto lacks: GetProducts for EC2's instances, with invented prices.

No price is AWS's. Each product says so.
"""

from localcloud.pricing.service import install

__all__ = ["install"]
