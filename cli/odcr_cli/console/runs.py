"""The page Runs."""

import flask
from flask import Blueprint, g

page = Blueprint("runs", __name__, url_prefix="/runs")
page.title = "Runs"  # type: ignore[attr-defined]


@page.get("/")
def show() -> str:
    """Runs."""
    return flask.render_template("runs.html", page=page, source=g.source)
