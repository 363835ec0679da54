"""Reads each of botocore's files once in a process. By itself, botocore does so for each session, and moto has many."""

import functools
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


@functools.cache
def read_once() -> None:
    """From now on, whatever of this process uses botocore."""
    load_file = JSONFileLoader.load_file
    load_file_once = functools.cache(functools.partial(load_file, JSONFileLoader()))
    services_once = functools.cache(Loader().list_available_services)

    def load(loader: JSONFileLoader, path: str) -> Any:
        # botocore edits S3's model in place: it removes the bucket from its paths.
        return load_file(loader, path) if "/s3/" in path else load_file_once(path)

    # With setattr, mypy accepts that these take the place of methods.
    setattr(JSONFileLoader, "load_file", load)  # noqa: B010
    setattr(Loader, "list_available_services", lambda _loader, type_name: services_once(type_name))  # noqa: B010
