"""Ports for the servers that tests start.

A port that the system gave to a socket which was then closed may be given to another test, or to any outgoing
connection, before the server listens on it. So these are below the ports that the system gives by itself, and each
stays reserved by a lock on a file until the tests' process ends.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

PORTS = range(20_000, 32_000)
RESERVATIONS = Path(tempfile.gettempdir()) / f"chanx-test-ports-{os.getuid()}"

_held: list[IO[str]] = []
_chance = random.Random()


def free_port() -> int:
    """A port that nothing listens on, reserved for this process."""
    RESERVATIONS.mkdir(exist_ok=True)
    for port in _chance.sample(PORTS, len(PORTS)):
        lock = (RESERVATIONS / str(port)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return port
    raise RuntimeError(f"no port from {PORTS[0]} to {PORTS[-1]} is free")
