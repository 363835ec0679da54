"""No test sees the person's own AWS settings, and botocore reads each of its models once for all of them."""

import functools
import os
from typing import Any

from botocore.loaders import JSONFileLoader

from localcloud.clients.environment import isolate

# Before moto is imported, which looks up AWS_PROFILE then.
isolate(os.environ)

# Tests make thousands of clients.
_uncached = JSONFileLoader.load_file
_load_file = functools.cache(JSONFileLoader().load_file)


def _load_once(loader: JSONFileLoader, path: str) -> Any:
    # botocore takes the bucket out of the paths of S3's model where it stands.
    return _uncached(loader, path) if f"{os.sep}s3{os.sep}" in path else _load_file(path)


JSONFileLoader.load_file = _load_once  # type: ignore[method-assign]
