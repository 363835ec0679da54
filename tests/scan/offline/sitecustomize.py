"""Ends a Python program with this folder on its PYTHONPATH as soon as it uses the network."""

import os
import sys


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        # The program could catch an exception and go on.
        os.write(2, f"The network was asked for: {event} {arguments}\n".encode())
        os._exit(70)


sys.addaudithook(_refuse)
