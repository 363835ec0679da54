"""A browser that was let in by the page, and stays in the folder that it was led to."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

HERE = "http://127.0.0.1:8123"


class PageClient(FlaskClient):
    """Asks for each path below its own folder."""

    root = ""

    def open(self, path: str, /, **more: Any) -> Any:  # type: ignore[override]
        return super().open(self.root + path, **{"base_url": HERE, **more})

    def enter(self, query: str) -> Any:
        """The answer to the first address; what is asked for from then on is below the folder to which it led."""
        answer = super().open(f"/?{query}", base_url=HERE)
        self.root = answer.headers.get("Location", "").removesuffix("/")
        return answer


def new_client(app: Flask) -> PageClient:
    """One that was not let in yet."""
    return PageClient(app, app.response_class, use_cookies=True)


def logged_in(app: Flask, token: str = "token") -> PageClient:
    """One that came with the token."""
    client = new_client(app)
    client.enter(f"token={token}")
    return client
