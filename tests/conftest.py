"""No test sees the person's own AWS settings, and botocore reads each of its models once for all of them."""

import functools
import os
from typing import Any

from botocore.loaders import JSONFileLoader

from localcloud.clients.environment import isolate

# Before moto is imported, which looks up AWS_PROFILE then.
isolate(os.environ)

# Tests make thousands of clients.
_loader = JSONFileLoader()
_load_file = functools.cache(_loader.load_file)


def _load_once(_: JSONFileLoader, path: str) -> Any:
    return _load_file(path)


JSONFileLoader.load_file = _load_once  # type: ignore[method-assign]
