"""Making boto3's clients where several threads work."""

from threading import Lock
from typing import Final

MAKING: Final = Lock()
"""Clients may be used by several threads, but not made:
https://docs.aws.amazon.com/boto3/latest/guide/clients.html#multithreading-or-multiprocessing-with-clients"""
