"""AWS's list prices, each with its page. No free tier is counted."""

from dataclasses import dataclass

REGION = "us-east-1"
AS_OF = "2026-11"
HOURS = 730
"""In a month, as AWS's own calculator has it."""


@dataclass(frozen=True)
class Price:
    """One price.

    Args:
        usd: US dollars.
        per: for how many units.
        unit: what is counted.
        url: AWS's page.
        note: what is free.
    """

    usd: float
    per: float
    unit: str
    url: str
    note: str = ""

    def of(self, quantity: float) -> float:
        """US dollars for so many units."""
        return quantity / self.per * self.usd


_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
_AURORA = "https://aws.amazon.com/rds/aurora/pricing/"
_VPC = "https://aws.amazon.com/vpc/pricing/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"

TRANSITION = Price(
    0.025,
    1_000,
    "state transitions of Step Functions, Standard, repeats included",
    "https://aws.amazon.com/step-functions/pricing/",
    "4,000 a month are free",
)
LAMBDA_GB_SECOND = Price(0.0000133334, 1, "GB-second of Lambda on arm64", _LAMBDA, "400,000 a month are free")
LAMBDA_REQUEST = Price(0.20, 1_000_000, "requests to Lambda", _LAMBDA, "a million a month is free")
DYNAMODB_WRITE = Price(
    0.625,
    1_000_000,
    "writes to DynamoDB on demand, of up to a KB",
    "https://aws.amazon.com/dynamodb/pricing/on-demand/",
)
AURORA_ACU_HOUR = Price(0.12, 1, "ACU-hour of Aurora Serverless v2, Standard", _AURORA)
AURORA_GB_MONTH = Price(0.10, 1, "GB-month of Aurora's storage", _AURORA)
AURORA_IO = Price(0.20, 1_000_000, "requests to Aurora's storage", _AURORA)
ENDPOINT_HOUR = Price(
    0.01, 1, "hour of an interface endpoint in one zone", "https://aws.amazon.com/privatelink/pricing/"
)
NAT_HOUR = Price(0.045, 1, "hour of a NAT gateway", _VPC)
ADDRESS_HOUR = Price(0.005, 1, "hour of a public IPv4 address", _VPC)
METRIC = Price(0.30, 1, "custom metric a month", _CLOUDWATCH, "ten are free")
ALARM_METRIC = Price(0.10, 1, "metric of an alarm a month", _CLOUDWATCH, "ten are free")
LOG_GB = Price(0.50, 1, "GB of logs taken in", _CLOUDWATCH, "5 GB are free")
DASHBOARD = Price(3.00, 1, "dashboard a month", _CLOUDWATCH, "an account's first three are free")
SECRET = Price(0.40, 1, "secret a month", "https://aws.amazon.com/secrets-manager/pricing/")
TRACE = Price(5.00, 1_000_000, "traces of X-Ray", "https://aws.amazon.com/xray/pricing/", "100,000 a month are free")
SCHEDULED = Price(
    1.00,
    1_000_000,
    "starts by EventBridge Scheduler",
    "https://aws.amazon.com/eventbridge/pricing/",
    "14 million a month are free",
)
MAIL = Price(2.00, 100_000, "mails of SNS", "https://aws.amazon.com/sns/pricing/", "a thousand a month are free")

PRICES = (
    TRANSITION,
    LAMBDA_GB_SECOND,
    LAMBDA_REQUEST,
    DYNAMODB_WRITE,
    AURORA_ACU_HOUR,
    AURORA_GB_MONTH,
    AURORA_IO,
    ENDPOINT_HOUR,
    NAT_HOUR,
    ADDRESS_HOUR,
    METRIC,
    ALARM_METRIC,
    LOG_GB,
    DASHBOARD,
    SECRET,
    TRACE,
    SCHEDULED,
    MAIL,
)
"""All, in the order of the table."""
