"""The page answers only the browser of the person who started it."""

import logging
import re
import webbrowser
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from odcr_cli.console.app import create_app
from odcr_cli.console.guard import form_token
from odcr_cli.console.server import ConsoleServer
from odcr_cli.console.session_path import session_path
from odcr_cli.console.sessions import Sessions
from odcr_cli.main import Context, main
from odcr_cli.trouble import Trouble
from tests.unit.cli.fake_source import FakeSource
from tests.unit.cli.page_client import HERE, PageClient, logged_in, new_client

PAGES = ("/demands/", "/runs/", "/capacity/", "/plots/", "/static/console.js", "/nothing")


@pytest.fixture
def app() -> Flask:
    return create_app(FakeSource, token="secret-token")


@pytest.fixture
def stranger(app: Flask) -> PageClient:
    return new_client(app)


@pytest.fixture
def reader(app: Flask) -> PageClient:
    return logged_in(app, "secret-token")


def test_the_token_of_the_address_becomes_a_cookie_that_no_script_and_no_other_site_sees(stranger: PageClient) -> None:
    answer = stranger.enter("token=secret-token")
    assert answer.status_code == 302
    assert re.fullmatch("/~[0-9a-f]{32}/", answer.headers["Location"])
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("odcr-console-8123=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "secret-token" not in cookie
    assert stranger.get("/demands/", base_url=HERE).status_code == 200


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=",
        "?code=secret-token",
        "?code=%FF",
        "?token=",
        "?token=secret",
        "?token=secret-token2",
        "?token=%FF",
        "?token=秘密",
    ],
)
def test_without_the_token_there_is_nothing_to_see(stranger: PageClient, path: str, query: str) -> None:
    answer = stranger.get(path + query, base_url=HERE)
    assert answer.status_code == 403
    assert "secret-token" not in answer.text
    assert "Set-Cookie" not in answer.headers


def test_the_cookie_of_another_start_is_worth_nothing_and_no_token_is_a_cookie(reader: PageClient) -> None:
    later = new_client(create_app(FakeSource, token="another-token"))
    for value in (cookie_of(reader), "another-token", ""):
        later.root = session_path(value)
        later.set_cookie("odcr-console-8123", value, domain="127.0.0.1")
        assert later.get("/demands/", base_url=HERE).status_code == 403


def test_a_cookie_is_worthless_outside_its_path(app: Flask, reader: PageClient) -> None:
    other = logged_in(app, "secret-token")
    assert other.root != reader.root
    for root in ("", other.root, f"/~{'0' * 32}", reader.root[:-1], reader.root.upper()):
        thief = new_client(app)
        thief.set_cookie("odcr-console-8123", cookie_of(reader), domain="127.0.0.1")
        thief.root = root
        assert thief.get("/demands/").status_code == 403, root
        thief.root = reader.root
        assert thief.get("/demands/").status_code == 200


def test_all_cookies_but_the_language_have_the_sessions_path(app: Flask, reader: PageClient) -> None:
    app.config["CHANGES"] = Failing()
    answer = reader.post("/runs/start", data={"csrf": form_token("secret-token")})
    assert answer.status_code == 302
    (notes,) = answer.headers.getlist("Set-Cookie")
    assert notes.startswith("odcr-console-notes=")
    assert f"; Path={reader.root}/" in notes
    assert "HttpOnly" in notes
    assert "SameSite=Strict" in notes
    assert "; Path=/;" in f"{reader.get('/language/zh').headers['Set-Cookie']};"


class Failing:
    """Changes that always fail."""

    def start_run(self) -> str:
        raise Trouble("You may not call StartExecution.")


def test_the_path_does_not_reveal_the_cookie(reader: PageClient) -> None:
    assert cookie_of(reader) not in reader.root
    assert session_path(cookie_of(reader)) == reader.root


def cookie_of(client: PageClient) -> str:
    cookie = client.get_cookie("odcr-console-8123", domain="127.0.0.1", path=f"{client.root}/")
    assert cookie
    return cookie.value


def test_the_printed_address_opens_several_browsers_and_each_has_a_cookie_of_its_own(app: Flask) -> None:
    clients = [new_client(app) for _ in range(3)]
    for client in clients:
        client.enter("token=secret-token")
    assert {client.get("/demands/", base_url=HERE).status_code for client in clients} == {200}
    assert len({cookie_of(client) for client in clients}) == 3


def test_a_code_opens_one_session(app: Flask, reader: PageClient) -> None:
    first, second = new_client(app), new_client(app)
    code = app.config["SESSIONS"].code()
    assert code != app.config["SESSIONS"].code()
    answer = first.enter(f"code={code}")
    assert answer.status_code == 302
    assert code not in answer.headers["Location"]
    assert code not in answer.headers["Set-Cookie"]
    assert first.get("/demands/", base_url=HERE).status_code == 200
    refused = second.get(f"/?code={code}", base_url=HERE)
    assert refused.status_code == 403
    assert "used before" in refused.text
    assert "Set-Cookie" not in refused.headers
    assert second.get("/demands/", base_url=HERE).status_code == 403
    assert first.get("/demands/", base_url=HERE).status_code == 403, "it may be the first who should not have it"
    assert reader.get("/demands/", base_url=HERE).status_code == 200, "who came by the token is not concerned"


def test_a_code_is_good_for_a_minute_and_does_no_harm_later() -> None:
    now = 1000.0
    entrance = Sessions(clock=lambda: now)
    used, unused = entrance.code(), entrance.code()
    now += 59
    session = entrance.open_by_code(used)
    assert session
    assert entrance.is_known(session)
    now += 1
    assert entrance.open_by_code(unused) == ""
    assert entrance.open_by_code(used) == ""
    assert entrance.is_known(session)


def test_the_browsers_process_is_not_told_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(ConsoleServer, "serve", lambda _: None)
    monkeypatch.setattr(Context, "source", FakeSource(is_live=False))
    result = CliRunner().invoke(main, ["console"])
    assert result.exit_code == 0, result.output
    printed = re.search(r"http://127\.0\.0\.1:\d+/\?token=(\S+)", result.output)
    assert printed
    (address,) = opened
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?code=\S+", address)
    assert printed[1] not in address


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8123", "127.0.0.2", "10.0.0.1:8123", "[::2]:8123"]
)
def test_another_name_that_leads_here_is_refused(app: Flask, host: str) -> None:
    answer = new_client(app).get("/?token=secret-token", headers={"Host": host})
    assert answer.status_code == 403
    assert "127.0.0.1 only" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost:8123", "[::1]:8123", "127.0.0.1"])
def test_the_names_of_this_machine_are_let_in(app: Flask, host: str) -> None:
    assert new_client(app).get("/?token=secret-token", headers={"Host": host}).status_code == 302


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_embedding_by_another_site_is_refused_and_links_work(reader: PageClient, site: str) -> None:
    embedded = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert reader.get("/demands/", base_url=HERE, headers=embedded).status_code == 403
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert reader.get("/demands/", base_url=HERE, headers=followed).status_code == 200


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({"Origin": "http://evil.example"}, True),
        ({"Origin": "http://127.0.0.1:9999"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Origin": HERE}, False),
        ({}, False),
    ],
)
def test_a_form_of_another_site_or_of_nobody_changes_nothing(
    reader: PageClient, headers: dict[str, str], csrf: bool
) -> None:
    form = {"csrf": form_token("secret-token") if csrf else "guessed"}
    answer = reader.post("/runs/start", base_url=HERE, headers=headers, data=form)
    assert answer.status_code == 403
    assert "read-only" not in answer.text


def test_the_form_token_does_not_reveal_the_token() -> None:
    assert "secret-token" not in form_token("secret-token")
    assert form_token("secret-token") != form_token("secret-toker")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_scripts_frames_and_other_hosts(reader: PageClient, path: str) -> None:
    headers = reader.get(path, base_url=HERE).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not [values for values in policy.values() if "http" in values or "*" in values]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES[:4])
def test_no_page_is_kept_by_the_browser(reader: PageClient, path: str) -> None:
    assert reader.get(path, base_url=HERE).headers["Cache-Control"] == "no-store"


def test_tokens_are_in_no_log_and_on_no_page(caplog: Any) -> None:
    def fails() -> FakeSource:
        raise ZeroDivisionError

    app = create_app(fails, token="secret-token")
    caplog.set_level(logging.DEBUG)
    client = new_client(app)
    client.enter("token=secret-token")
    assert client.get("/demands/?q=1", base_url=HERE).status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert "secret-token" not in caplog.text
    for path in PAGES:
        assert "secret-token" not in client.get(path, base_url=HERE).text


@pytest.mark.parametrize(
    ("back", "leads"),
    [
        ("/runs/", "/runs/"),
        ("/demands/?q=a&show=met", "/demands/?q=a&show=met"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\t\\evil.example", "/"),
        ("\t//evil.example", "/"),
        ("/\n", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\0", "/"),
        ("/\u2028/evil.example", "/"),
        ("", "/"),
        ("evil.example", "/"),
        ("http://evil.example", "/"),
    ],
)
def test_choosing_a_language_leads_back_to_this_page_only(reader: PageClient, back: str, leads: str) -> None:
    answer = reader.get("/language/zh", query_string={"back": back}, base_url=HERE)
    assert answer.headers["Location"] == reader.root + leads
    assert 'lang="zh"' in reader.get("/demands/", base_url=HERE).text
    assert reader.get("/language/xx", base_url=HERE).status_code == 302
    assert 'lang="zh"' in reader.get("/demands/", base_url=HERE).text


def test_the_language_is_the_browsers_unless_one_is_chosen(reader: PageClient) -> None:
    chinese = reader.get("/demands/", base_url=HERE, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert "需求" in chinese.text
    assert 'lang="en"' in reader.get("/demands/", base_url=HERE, headers={"Accept-Language": "fr"}).text
