"""Keeps the person's own AWS settings out of the tests, and lets botocore read each of its models only once."""

import functools
import os
from typing import Any

from botocore.loaders import JSONFileLoader

from localcloud.clients.environment import isolate

# moto reads AWS_PROFILE when it is imported, so this comes before.
isolate(os.environ)

# The tests make thousands of clients, and each would read the models anew.
_loader = JSONFileLoader()
_load_file = functools.cache(_loader.load_file)


def _load_once(_: JSONFileLoader, path: str) -> Any:
    return _load_file(path)


JSONFileLoader.load_file = _load_once  # type: ignore[method-assign]
