"""The page Plots."""

import flask
from flask import Blueprint, g

page = Blueprint("plots", __name__, url_prefix="/plots")
page.title = "Plots"  # type: ignore[attr-defined]


@page.get("/")
def show() -> str:
    """Plots."""
    return flask.render_template("plots.html", page=page, source=g.source)
