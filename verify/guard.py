"""The guard through which each request to EC2 goes: none that costs over a cent a minute if it is granted."""

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
    """A request that would cost over a cent a minute, or of which that is not known. It was not sent."""


class Guard:
    """Knows what an hour of each request would cost.

    Args:
        price_of: a type's hourly price in the Region; raises TooDear if it is not known.
    """

    def __init__(self, price_of: Callable[[str], Decimal]) -> None:
        self._price_of = price_of
        self._types: dict[str, str] = {}

    def must_be_cheap(self, instance_type: str, count: int) -> None:
        """Whether so many instances may be asked for.

        Raises:
            TooDear: if they may not.
        """
        cost = self._price_of(instance_type) * count
        if cost > MOST_AN_HOUR:
            raise TooExpensive(f"{count} x {instance_type} would cost {cost} an hour, and {MOST_AN_HOUR} is the limit.")

    def remember(self, reservation_id: str, instance_type: str) -> None:
        """Of which type a reservation is, so that it may be changed."""
        self._types[reservation_id] = instance_type

    def before(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Botocore's handler, called before each request is built.

        Raises:
            TooDear: for what may not be sent.
        """
        if model.name.startswith(_HARMLESS) or model.name == "CancelCapacityReservation":
            return
        if model.name == "CreateCapacityReservation":
            self.must_be_cheap(params["InstanceType"], params["InstanceCount"])
        elif model.name == "ModifyCapacityReservation":
            known = self._types.get(params["CapacityReservationId"])
            if known is None:
                raise TooExpensive(f"{params['CapacityReservationId']} is not one that the verification made.")
            self.must_be_cheap(known, params.get("InstanceCount", 0))
        else:
            raise TooExpensive(f"The verification never sends {model.name}.")

    def after(self, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        """Botocore's handler, called with each answer: what was made may be changed."""
        made = parsed.get("CapacityReservation") if model.name == "CreateCapacityReservation" else None
        if made:
            self.remember(made["CapacityReservationId"], made["InstanceType"])


class GuardedAccount(Account):
    """An account whose EC2 is asked through the guard only."""

    guard: Guard | None = None

    def client(self, service: str, region: str = "") -> Any:
        """As an Account's; EC2's never without the guard."""
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
    """Hourly On-Demand prices of Linux instances in the account's Region, each asked for once.

    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html

    Args:
        account: whom to ask.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[str, Decimal] = {}

    def __call__(self, instance_type: str) -> Decimal:
        """A type's price.

        Raises:
            TooDear: if the list has none.
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
