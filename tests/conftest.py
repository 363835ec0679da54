"""Keeps the person's own AWS settings out of the tests, and does once what each client and each page would do anew."""

import os

import flask
import jinja2

from localcloud.botocore_files import read_once
from localcloud.clients.environment import isolate

# moto reads AWS_PROFILE when it is imported, so this comes before.
isolate(os.environ)

read_once()


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
