"""The guard that checks each request to EC2: none may cost over a cent a minute if granted."""

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from odcr_cli.account import Account
from odcr_cli.checks.line import ask_aws

MOST_AN_HOUR = Decimal("0.60")
"""A cent a minute."""

_HARMLESS = ("Describe", "Get", "List")
_ENDPOINTS = {"us": "us-east-1", "ap": "ap-south-1", "eu": "eu-central-1"}


class TooExpensive(Exception):  # noqa: N818 - says what it would be
    """A request would cost over a cent a minute, or its cost is unknown. It was not sent."""


class Guard:
    """Checks the hourly cost of each request before it is sent.

    Args:
        price_of: returns a type's hourly price in the Region; raises TooExpensive if unknown.
    """

    def __init__(self, price_of: Callable[[str], Decimal]) -> None:
        self._price_of = price_of
        self._types: dict[str, str] = {}

    def must_be_cheap(self, instance_type: str, count: int) -> None:
        """Checks that a number of instances may be requested.

        Raises:
            TooExpensive: if it may not.
        """
        cost = self._price_of(instance_type) * count
        if cost > MOST_AN_HOUR:
            raise TooExpensive(f"{count} x {instance_type} would cost {cost} an hour, and {MOST_AN_HOUR} is the limit.")

    def remember(self, reservation_id: str, instance_type: str) -> None:
        """Remembers a reservation's type, so that the reservation may be changed."""
        self._types[reservation_id] = instance_type

    def before(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Botocore's handler, called before each request is built.

        Raises:
            TooExpensive: if the request may not be sent.
        """
        if model.name.startswith(_HARMLESS) or model.name == "CancelCapacityReservation":
            return
        if model.name == "CreateCapacityReservation":
            self.must_be_cheap(params["InstanceType"], params["InstanceCount"])
        elif model.name == "ModifyCapacityReservation":
            known = self._types.get(params["CapacityReservationId"])
            if known is None:
                raise TooExpensive(f"{params['CapacityReservationId']} was not made by the verification.")
            self.must_be_cheap(known, params.get("InstanceCount", 0))
        else:
            raise TooExpensive(f"The verification never sends {model.name}.")

    def after(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Botocore's handler, called with each answer: remembers new reservations."""
        made = parsed.get("CapacityReservation") if model.name == "CreateCapacityReservation" else None
        if made:
            self.remember(made["CapacityReservationId"], made["InstanceType"])


class GuardedAccount(Account):
    """An account whose EC2 clients always have the guard."""

    guard: Guard | None = None

    def client(self, service: str, region: str = "") -> Any:
        """As Account's, with the guard on EC2's."""
        is_new = (service, region or self.region) not in self._clients
        client = super().client(service, region)
        if service == "ec2" and is_new:
            client.meta.events.register("before-parameter-build.ec2", self._before)
            client.meta.events.register("after-call.ec2", self._after)
        return client

    def _before(self, params: Mapping[str, Any], model: Any, **rest: Any) -> None:
        (self.guard or Guard(_unknown)).before(params, model, **rest)

    def _after(self, parsed: Mapping[str, Any], model: Any, **rest: Any) -> None:
        if self.guard:
            self.guard.after(parsed, model, **rest)


def _unknown(instance_type: str) -> Decimal:
    raise TooExpensive(f"No price of {instance_type} is known yet.")


class PriceList:
    """Hourly On-Demand prices of Linux instances in the account's Region, each looked up once.

    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html

    Args:
        account: the account to ask.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[str, Decimal] = {}

    def __call__(self, instance_type: str) -> Decimal:
        """A type's price.

        Raises:
            TooExpensive: if the list has no price.
        """
        if instance_type not in self._known:
            prices = list(self._prices(instance_type))
            if not prices:
                raise TooExpensive(f"The price list has no {instance_type} in {self._account.region}.")
            self._known[instance_type] = max(prices)
        return self._known[instance_type]

    def _prices(self, instance_type: str) -> Iterator[Decimal]:
        attributes = {
            "instanceType": instance_type,
            "regionCode": self._account.region,
            "tenancy": "Shared",
            # Linux/UNIX: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html
            "operation": "RunInstances",
            "capacitystatus": "Used",
        }
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
        near = _ENDPOINTS.get(self._account.region.partition("-")[0], "us-east-1")
        price_list = ask_aws(
            "pricing:GetProducts",
            lambda: self._account.pages(
                "pricing", "get_products", "PriceList", near, ServiceCode="AmazonEC2", Filters=filters
            ),
        )
        for text in price_list:
            for term in json.loads(str(text))["terms"].get("OnDemand", {}).values():
                for dimension in term["priceDimensions"].values():
                    amount = max(Decimal(value) for value in dimension["pricePerUnit"].values())
                    if dimension["unit"] == "Hrs" and amount > 0:
                        yield amount
