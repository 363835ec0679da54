"""Creating boto3's clients where several threads work."""

from threading import Lock
from typing import Final

CREATION_LOCK: Final = Lock()
"""Threads may share clients, but not create them at the same time:
https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients"""
