"""The market page sets a local cloud's free instances and its faults."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud import ec2
from localcloud.clock import Clock
from localcloud.ec2.control import blueprint
from localcloud.server import Server
from odcr_cli.console.app import create_app
from odcr_cli.console.guard import form_token
from odcr_cli.console.local_market import KINDS, LocalMarket
from odcr_cli.trouble import Trouble
from tests.unit.cli.fake_source import FakeSource
from tests.unit.cli.page_client import logged_in


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(0, [blueprint])
    server.start()
    yield server
    server.stop()


@pytest.fixture
def market(server: Server) -> LocalMarket:
    ec2.install(Clock())
    return LocalMarket(server.endpoint)


@pytest.fixture
def post(market: LocalMarket) -> Any:
    client = logged_in(create_app(FakeSource, token="token", local_market=market))

    def send(path: str, **form: str) -> str:
        answer = client.post(path, data={"csrf": form_token("token"), **form})
        assert answer.headers["Location"] == f"{client.root}/market/"
        page: str = client.get("/market/").text
        return page

    return send


def test_a_local_cloud_is_detected(market: LocalMarket) -> None:
    assert market.is_there()
    assert not LocalMarket("http://127.0.0.1:9").is_there()


def test_a_pool_is_set_without_a_right_to_change_the_account(post: Any, market: LocalMarket) -> None:
    page = post("/market/pool", type="m5.xlarge", zone="ap-northeast-1a", free="7")
    assert market.pools()["m5.xlarge", "ap-northeast-1a"] == 7
    assert "The pool is set." in page
    assert 'id="pool-m5.xlarge-ap-northeast-1a"' in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"type": "m5.metall", "zone": "ap-northeast-1a", "free": "1"}, "no instance type"),
        ({"type": "m5.large", "zone": "tokyo", "free": "1"}, "name one such as"),
        ({"type": "m5.large", "zone": "ap-northeast-1a", "free": "-1"}, "not a whole number"),
        ({"type": "m5.large", "zone": "ap-northeast-1a", "free": ""}, "not a whole number"),
    ],
)
def test_invalid_entry_is_explained(post: Any, form: dict[str, str], says: str) -> None:
    assert says in post("/market/pool", **form)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_fault_can_be_set_and_ended(post: Any, market: LocalMarket, kind: Any) -> None:
    page = post("/market/faults", kind=kind.name, times="")
    (fault,) = market.faults()
    assert (fault["kind"], fault["action"], fault["times"]) == (kind.name, kind.action, None)
    assert "0 / \N{INFINITY}" in page
    post("/market/faults/clear")
    assert market.faults() == []


def test_impossible_fault_is_refused_in_the_local_cloud_s_words(post: Any) -> None:
    page = post("/market/faults", kind="pending", action="CancelCapacityReservation", times="1")
    assert "pending cannot hit" in page


def test_page_says_that_a_stopped_local_cloud_does_not_answer() -> None:
    market = LocalMarket("http://127.0.0.1:9")
    with pytest.raises(Trouble, match="Is it still up"):
        market.pools()
    page = logged_in(create_app(FakeSource, token="token", local_market=market)).get("/market/")
    assert page.status_code == 200
    assert "The local cloud does not answer." in page.text
