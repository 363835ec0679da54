"""Keeps the person's own AWS settings out of the tests, and does once what each client and each page would do anew."""

import functools
import os
from typing import Any

import flask
import jinja2
from botocore.loaders import JSONFileLoader, Loader

from localcloud.clients.environment import isolate

# moto reads AWS_PROFILE when it is imported, so this comes before.
isolate(os.environ)

# The tests make thousands of clients, and each would read the models anew.
_uncached = JSONFileLoader.load_file
_load_file = functools.cache(JSONFileLoader().load_file)


def _load_once(loader: JSONFileLoader, path: str) -> Any:
    # botocore edits S3's model in place: it removes the bucket from its paths.
    return _uncached(loader, path) if f"{os.sep}s3{os.sep}" in path else _load_file(path)


JSONFileLoader.load_file = _load_once  # type: ignore[method-assign]


_services = functools.cache(Loader().list_available_services)
Loader.list_available_services = lambda _self, type_name: _services(type_name)  # type: ignore[method-assign]


class _CompiledTemplates(jinja2.BytecodeCache):
    """The page's templates, for the page of each test."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


flask.Flask.jinja_options = {"bytecode_cache": _CompiledTemplates()}
