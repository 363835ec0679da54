"""AWS's list prices, each with its page. No free tier is counted."""

from typing import NamedTuple

REGION = "us-east-1"
AS_OF = "2026-11"
HOURS = 730
"""Hours in a month, as in AWS's own calculator."""


class Price(NamedTuple):
    """One price."""

    usd: float
    """US dollars for `per` units."""
    per: float
    unit: str
    page: str
    """AWS's page, without its beginning."""
    note: str = ""
    """What is free."""

    @property
    def url(self) -> str:
        """AWS's page."""
        return f"https://aws.amazon.com/{self.page}/"

    def of(self, quantity: float) -> float:
        """US dollars for so many units."""
        return quantity / self.per * self.usd


_AURORA, _CLOUDWATCH = "rds/aurora/pricing", "cloudwatch/pricing"
_M = 1_000_000

TRANSITION = Price(
    0.025,
    1_000,
    "state transitions of Step Functions, Standard, repeats included",
    "step-functions/pricing",
    "4,000 a month are free",
)
LAMBDA_GB_SECOND = Price(0.0000133334, 1, "GB-second of Lambda on arm64", "lambda/pricing", "400,000 a month are free")
LAMBDA_REQUEST = Price(0.20, _M, "requests to Lambda", "lambda/pricing", "a million a month is free")
DYNAMODB_WRITE = Price(0.625, _M, "writes to DynamoDB on demand, of up to a KB", "dynamodb/pricing/on-demand")
AURORA_ACU_HOUR = Price(0.12, 1, "ACU-hour of Aurora Serverless v2, Standard", _AURORA)
AURORA_GB_MONTH = Price(0.10, 1, "GB-month of Aurora's storage", _AURORA)
AURORA_IO = Price(0.20, _M, "requests to Aurora's storage", _AURORA)
ENDPOINT_HOUR = Price(0.01, 1, "hour of an interface endpoint in one zone", "privatelink/pricing")
NAT_HOUR = Price(0.045, 1, "hour of a NAT gateway", "vpc/pricing")
ADDRESS_HOUR = Price(0.005, 1, "hour of a public IPv4 address", "vpc/pricing")
METRIC = Price(0.30, 1, "custom metric a month", _CLOUDWATCH, "ten are free")
ALARM_METRIC = Price(0.10, 1, "metric of an alarm a month", _CLOUDWATCH, "ten are free")
LOG_GB = Price(0.50, 1, "GB of logs taken in", _CLOUDWATCH, "5 GB are free")
DASHBOARD = Price(3.00, 1, "dashboard a month", _CLOUDWATCH, "an account's first three are free")
SECRET = Price(0.40, 1, "secret a month", "secrets-manager/pricing")
TRACE = Price(5.00, _M, "traces of X-Ray", "xray/pricing", "100,000 a month are free")
SCHEDULED = Price(1.00, _M, "starts by EventBridge Scheduler", "eventbridge/pricing", "14 million a month are free")

PRICES = tuple(price for price in tuple(globals().values()) if isinstance(price, Price))
"""All, in the order of the table."""
