"""moto's server on 127.0.0.1, with the local cloud's own paths beside it."""

import functools
import os
import socket
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import moto.backends
import moto.core.responses
from flask import Blueprint, Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import make_server

from localcloud import failures, regions
from localcloud.log import Log

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


class _Dispatcher(DomainDispatcherApplication):
    """moto's, of which what it does not know comes out as NotImplementedError."""

    def get_backend_for_host(self, host: str | None) -> Any:
        # moto's prints what it does not know.
        if host is None or host == "moto_api" or host in moto.backends.list_of_moto_modules():
            return host
        return next((name for name, pattern in self.backend_url_patterns if pattern.match(f"http://{host}")), None)


def _application_of(service: Any) -> Flask:
    if service is None:
        raise NotImplementedError
    application = create_backend_app(service)

    def not_there(error: Exception) -> Any:
        raise NotImplementedError from error

    for kind in (NotFound, MethodNotAllowed):
        application.register_error_handler(kind, not_there)
    return application


class Server:
    """Answers every AWS API that moto knows, each request in a thread of its own.

    Args:
        port: 0 for a free one.
        controls: Flask blueprints, whose rules are below `/localcloud/` or become so.
        log: takes what cannot be answered, and why.

    Raises:
        RuntimeError: the port is taken, or not ours to take.
    """

    host = "127.0.0.1"

    def __init__(self, port: int, controls: Iterable[Blueprint], log: Log | None = None) -> None:
        look_up_once()
        note = log or Log(None)
        self._log = note
        self._dispatcher = _Dispatcher(_application_of)
        control = Flask("localcloud")
        for blueprint in controls:
            control.register_blueprint(blueprint, url_prefix=blueprint.url_prefix or CONTROL_PATH.rstrip("/"))

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            own = environ.get("PATH_INFO", "").startswith(CONTROL_PATH)
            return (control if own else self._answer)(environ, start_response)

        class RequestHandler(MotoRequestHandler):
            """moto's, which also logs no line for each request; what is wrong with a connection goes to the log."""

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ARG002 - its name there
                note.write(message % args)

        # werkzeug itself would print and exit when the port is taken.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((self.host, port))
            except OSError as error:
                raise RuntimeError(
                    f"Port {port} cannot be had ({error.strerror}); choose another, or 0 for a free one"
                ) from error
            listener.listen(_BACKLOG)
            self._server = make_server(
                self.host,
                listener.getsockname()[1],
                application,
                threaded=True,
                request_handler=RequestHandler,
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

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        form = failures.form_of(environ)
        region = failures.region_of(environ)
        if region is not None and region not in regions.known():
            call = failures.call_of(environ, form)
            refused = regions.refusal(region, call.protocol)
            return failures.answer(call, refused.status, refused.code, refused.message, start_response)
        try:
            answer: Iterable[bytes] = self._dispatcher(environ, start_response)
        except ConnectionError:
            raise  # an injected fault
        except NotImplementedError:
            call = failures.call_of(environ, form)
            status, code, message = HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"The local cloud has no {call}"
            self._log.write(message)
        except Exception as error:  # noqa: BLE001 - the client is to have an answer, whatever it is
            call = failures.call_of(environ, form)
            message = f"The local cloud failed at {call}: {type(error).__name__}: {error}"
            self._log.write(message, error)
            message += f"; where is in {self._log}"
            status, code = HTTPStatus.INTERNAL_SERVER_ERROR, "InternalFailure"
        else:
            return answer
        return failures.answer(call, status, code, message, start_response)

    def _serve(self) -> None:
        self._server.serve_forever(_POLL_SECONDS)
