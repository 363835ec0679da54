"""The local cloud's GetProducts, as botocore's model has it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.pricing.prices import DESCRIPTION, OPERATIONS, Prices

LINUX = {
    "instanceType": "m5.large",
    "regionCode": "us-east-1",
    "tenancy": "Shared",
    "operation": "RunInstances",
    "capacitystatus": "Used",
}


def ask(client: Any, attributes: dict[str, str], **more: Any) -> dict[str, Any]:
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in attributes.items()]
    answer: dict[str, Any] = client.get_products(ServiceCode="AmazonEC2", Filters=filters, **more)
    return answer


def dimensions(product: str) -> list[dict[str, Any]]:
    terms = json.loads(product)["terms"]["OnDemand"].values()
    return [one for term in terms for one in term["priceDimensions"].values()]


def test_a_full_filter_finds_one_product_with_a_price_marked_as_invented(client: Any) -> None:
    (product,) = ask(client, LINUX)["PriceList"]
    assert LINUX.items() <= json.loads(product)["product"]["attributes"].items()
    (dimension,) = dimensions(product)
    assert dimension["description"] == DESCRIPTION
    assert (dimension["unit"], dimension["pricePerUnit"]) == ("Hrs", {"USD": "0.1000000000"})


def test_china_s_prices_are_in_its_currency(client: Any) -> None:
    (product,) = ask(client, LINUX | {"regionCode": "cn-north-1"})["PriceList"]
    assert list(dimensions(product)[0]["pricePerUnit"]) == ["CNY"]


def test_products_come_in_pages(client: Any) -> None:
    wanted = {name: LINUX[name] for name in ("instanceType", "regionCode")}
    first = ask(client, wanted, MaxResults=20)
    assert len(first["PriceList"]) == 20
    second = ask(client, wanted, MaxResults=20, NextToken=first["NextToken"])
    assert "NextToken" not in second
    assert len({*first["PriceList"], *second["PriceList"]}) == len(OPERATIONS) * 2 * 3


@pytest.mark.parametrize("attributes", [{"instanceType": "m5.lager"}, {"regionCode": "us-east-9"}, {"tenancy": "Host"}])
def test_unknown_attributes_have_no_product(client: Any, attributes: dict[str, str]) -> None:
    assert ask(client, LINUX | attributes)["PriceList"] == []


def test_prices_and_refusals_can_be_set(client: Any, prices: Prices) -> None:
    prices.set("m5.large", "us-east-1", "1.5")
    assert dimensions(ask(client, LINUX)["PriceList"][0])[0]["pricePerUnit"] == {"USD": "1.5000000000"}
    prices.set("m5.large", "us-east-1", None)
    assert ask(client, LINUX)["PriceList"] == []
    prices.refuse("ThrottlingException", 1)
    with pytest.raises(client.exceptions.ThrottlingException):
        ask(client, LINUX)
    prices.reset()
    assert len(ask(client, LINUX)["PriceList"]) == 1


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ServiceCode": "AmazonRDS"}, "NotFoundException"),
        ({"ServiceCode": "AmazonEC2", "MaxResults": 101}, "InvalidParameterException"),
        (
            {"ServiceCode": "AmazonEC2", "Filters": [{"Type": "CONTAINS", "Field": "tenancy", "Value": "S"}]},
            "InvalidParameterException",
        ),
    ],
)
def test_unknown_requests_are_refused_as_in_the_model(client: Any, request_: dict[str, Any], code: str) -> None:
    assert code in {shape.name for shape in client.meta.service_model.operation_model("GetProducts").error_shapes}
    with pytest.raises(ClientError) as refused:
        client.get_products(**request_)
    assert refused.value.response["Error"]["Code"] == code
