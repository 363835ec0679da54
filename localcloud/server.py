"""moto's server on 127.0.0.1, with the local cloud's own paths beside it."""

import functools
import os
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import moto.backends
import moto.core.responses
from flask import Blueprint, Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

CONTROL_PATH = "/localcloud/"
"""Paths below it are the local cloud's own; AWS's are all others. No bucket may be named `localcloud`."""

_BACKLOG = 128
_POLL_SECONDS = 0.05
"""How long `stop` may wait to be noticed."""


def look_up_once() -> None:
    """Keeps what moto looks up anew at every request, a quarter of its time: its own folders, and a class's methods."""
    for module, name in ((moto.backends, "list_of_moto_modules"), (moto.core.responses, "method_names_from_class")):
        look_up = getattr(module, name)
        if not hasattr(look_up, "cache_info"):
            setattr(module, name, functools.cache(functools.partial(_listed, look_up)))


def _listed(look_up: Callable[..., Iterable[str]], *arguments: object) -> list[str]:
    return list(look_up(*arguments))


class _QuietRequestHandler(MotoRequestHandler):
    """moto's, which also logs no line for each request; errors are logged all the same."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Server:
    """Answers every AWS API that moto knows, each request in a thread of its own.

    Args:
        port: 0 for a free one.
        controls: Flask blueprints, whose rules are below `/localcloud/` or become so.

    Raises:
        RuntimeError: the port is taken, or not ours to take.
    """

    host = "127.0.0.1"

    def __init__(self, port: int, controls: Iterable[Blueprint]) -> None:
        look_up_once()
        dispatcher = DomainDispatcherApplication(create_backend_app)
        control = Flask("localcloud")
        for blueprint in controls:
            control.register_blueprint(blueprint, url_prefix=blueprint.url_prefix or CONTROL_PATH.rstrip("/"))

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            own = environ.get("PATH_INFO", "").startswith(CONTROL_PATH)
            return (control if own else dispatcher)(environ, start_response)

        # werkzeug itself would print and exit when the port is taken.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((self.host, port))
            except OSError as error:
                raise RuntimeError(f"Port {port} cannot be had ({error.strerror}); choose another, or 0") from error
            listener.listen(_BACKLOG)
            self._server = make_server(
                self.host,
                listener.getsockname()[1],
                application,
                threaded=True,
                request_handler=_QuietRequestHandler,
                fd=listener.fileno(),
            )
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)
        self._port_before = os.environ.get("MOTO_PORT")

    @property
    def port(self) -> int:
        """The port that answers."""
        return self._server.port

    @property
    def endpoint(self) -> str:
        """For AWS_ENDPOINT_URL, e.g. `http://127.0.0.1:4566`."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Starts to answer. moto's parts that call other parts find the server by MOTO_PORT."""
        os.environ["MOTO_PORT"] = str(self.port)
        self._thread.start()

    def stop(self) -> None:
        """Ends answering and frees the port. Does nothing the second time."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            if self._port_before is None:
                os.environ.pop("MOTO_PORT", None)
            else:
                os.environ["MOTO_PORT"] = self._port_before
        self._server.server_close()

    def _serve(self) -> None:
        self._server.serve_forever(_POLL_SECONDS)
