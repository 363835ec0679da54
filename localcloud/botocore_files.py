"""Reads each of botocore's files once in a process. By itself, botocore does so for each session, and moto has many."""

import functools
from typing import Any

from botocore.loaders import Loader


@functools.cache
def read_once() -> None:
    """From now on, and for whatever in this process uses botocore."""
    load, list_services = Loader.load_data_with_path, Loader.list_available_services
    loaded: dict[Any, tuple[Any, str]] = {}
    listed: dict[Any, list[str]] = {}

    def load_once(loader: Loader, name: str) -> tuple[Any, str]:
        # moto's loader adds to what it loads, and botocore removes the bucket from the paths of S3.
        if type(loader) is not Loader or name.startswith("s3/"):
            return load(loader, name)
        key = (tuple(loader.search_paths), name)
        if key not in loaded:
            loaded[key] = load(loader, name)
        return loaded[key]

    def list_once(loader: Loader, type_name: str) -> list[str]:
        key = (type(loader), tuple(loader.search_paths), type_name)
        if key not in listed:
            listed[key] = list_services(loader, type_name)
        return listed[key]

    # With setattr, mypy accepts that these take the place of methods.
    setattr(Loader, "load_data_with_path", load_once)  # noqa: B010
    setattr(Loader, "list_available_services", list_once)  # noqa: B010
