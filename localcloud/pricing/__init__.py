"""AWS's Price List Query API for moto, which has none: GetProducts for EC2's instances, with prices of its own.

No price is AWS's. Each product says so.
"""

from localcloud.pricing.service import install

__all__ = ["install"]
