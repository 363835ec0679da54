"""A test client with a session of the page, which stays below the session's path."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

HERE = "http://127.0.0.1:8123"


class PageClient(FlaskClient):
    """Requests each path below its session's path."""

    root = ""

    def open(self, path: str, /, **more: Any) -> Any:  # type: ignore[override]
        return super().open(self.root + path, **{"base_url": HERE, **more})

    def enter(self, query: str) -> Any:
        """Opens the first address; later requests go below the path that it redirects to."""
        answer = super().open(f"/?{query}", base_url=HERE)
        self.root = answer.headers.get("Location", "").removesuffix("/")
        return answer


def new_client(app: Flask) -> PageClient:
    """A client without a session."""
    return PageClient(app, app.response_class, use_cookies=True)


def logged_in(app: Flask, token: str = "token") -> PageClient:
    """A client with a session, opened by the token."""
    client = new_client(app)
    client.enter(f"token={token}")
    return client
