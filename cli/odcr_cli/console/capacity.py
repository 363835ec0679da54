"""The page Capacity."""

import flask
from flask import Blueprint, g

page = Blueprint("capacity", __name__, url_prefix="/capacity")
page.title = "Capacity"  # type: ignore[attr-defined]


@page.get("/")
def show() -> str:
    """Capacity."""
    return flask.render_template("capacity.html", page=page, source=g.source)
