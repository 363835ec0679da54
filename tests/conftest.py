"""Keeps the person's own AWS settings out of the tests, and lets botocore read each of its models only once."""

import functools
import os
from typing import Any

from botocore.loaders import JSONFileLoader

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
