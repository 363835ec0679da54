"""botocore reads each of its models once for all tests: they make thousands of clients."""

import functools
from typing import Any

from botocore.loaders import JSONFileLoader

_loader = JSONFileLoader()
_load_file = functools.cache(_loader.load_file)


def _load_once(_: JSONFileLoader, path: str) -> Any:
    return _load_file(path)


JSONFileLoader.load_file = _load_once  # type: ignore[method-assign]
