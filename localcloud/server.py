"""moto's server on 127.0.0.1, with the local cloud's own paths beside AWS's."""

import functools
import socket
import threading
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import moto.backends
import moto.core.responses
from flask import Blueprint, Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import make_server

from localcloud import failures
from localcloud.log import Log

CONTROL_PATH = "/localcloud/"
"""What starts with it is the local cloud's own, so no bucket can have that name."""

_BACKLOG = 128
_POLL_SECONDS = 0.05
"""How long `stop` may go unnoticed."""


def look_up_once() -> None:
    """Caches what moto looks up for each request, a quarter of its time: its own folders, and a class's methods."""
    for module, name in ((moto.backends, "list_of_moto_modules"), (moto.core.responses, "method_names_from_class")):
        look_up = getattr(module, name)
        if hasattr(look_up, "cache_clear"):
            look_up.cache_clear()  # extensions may have added methods since
        else:
            setattr(module, name, functools.cache(lambda *arguments, of=look_up: list(of(*arguments))))


class _Dispatcher(DomainDispatcherApplication):
    """moto's, but an unknown service is a NotImplementedError, and nothing is printed."""

    def get_backend_for_host(self, host: str | None) -> Any:
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
        port: 0 takes a free one.
        controls: Flask blueprints, served below `/localcloud/`.
        log: receives what cannot be answered, and why.

    Raises:
        RuntimeError: the port is taken or forbidden.
    """

    host = "127.0.0.1"

    def __init__(self, port: int, controls: Iterable[Blueprint], log: Log | None = None) -> None:
        look_up_once()
        self._log = written = log or Log(None)
        self._dispatcher = _Dispatcher(_application_of)
        control = Flask("localcloud")
        for blueprint in controls:
            control.register_blueprint(blueprint, url_prefix=blueprint.url_prefix or CONTROL_PATH.rstrip("/"))

        def application(environ: dict[str, Any], start_response: Any) -> Any:
            own = environ.get("PATH_INFO", "").startswith(CONTROL_PATH)
            return (control if own else self._answer)(environ, start_response)

        class RequestHandler(MotoRequestHandler):
            """moto's, without a line for each request; broken connections go to the log."""

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ARG002 - its name there
                written.write(message % args)

        # werkzeug itself would print and exit when the port is taken.
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((self.host, port))
            except OSError as error:
                raise RuntimeError(
                    f"Port {port} is not available ({error.strerror}); choose another, or 0 for a free one"
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
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="server", daemon=True
        )

    @property
    def endpoint(self) -> str:
        """For AWS_ENDPOINT_URL, e.g. `http://127.0.0.1:4566`."""
        return f"http://{self.host}:{self._server.port}"

    def start(self) -> None:
        """Starts to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Ends answering and frees the port. Does nothing the second time."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = failures.Call(environ)
        if refused := call.wrong_region():
            return refused.answer(call, start_response)
        try:
            answer: Iterable[bytes] = self._dispatcher(environ, start_response)
        except ConnectionError:
            raise  # an injected fault
        except NotImplementedError:
            message = f"The local cloud has no {call}"
            self._log.write(message)
            failure = failures.Failure(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client needs an answer
            message = f"The local cloud failed at {call}: {type(error).__name__}: {error}"
            self._log.write(message, error)
            message += f"; the traceback is in {self._log}"
            failure = failures.Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalFailure", message)
        else:
            return answer
        return failure.answer(call, start_response)
