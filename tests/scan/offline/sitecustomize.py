"""Ends a Python that has this folder in PYTHONPATH as soon as it asks for the network."""

import os
import sys


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        # Not an exception, which whoever asks would catch and do without.
        os.write(2, f"The network was asked for: {event} {arguments}\n".encode())
        os._exit(70)


sys.addaudithook(_refuse)
