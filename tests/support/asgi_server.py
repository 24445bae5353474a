"""Real ASGI servers in processes of their own, for tests over real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
_DAPHNE_LIMITS = ("--websocket-max-message-size", "16000000", "--websocket-max-frame-size", "16000000")
"""As much as uvicorn takes; daphne refuses more than 1 MiB by default."""

SERVERS = ("uvicorn", "uvicorn-websockets", "daphne", "granian")


class Server:
    """A server that runs."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name = name
        self.process = process
        self.port = port

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    @property
    def memory(self) -> int:
        """Resident memory in KiB, of the process and its workers."""
        pid = str(self.process.pid)
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", pid, "--ppid", pid], check=True, capture_output=True, text=True
        )
        return sum(map(int, shown.stdout.split()))


@contextmanager
def serving(
    server: str, application: str, environment: dict[str, str] | None = None, log: Path | None = None
) -> Iterator[Server]:
    """Runs an application, given as module:name, on a free port until the end of the block.

    `log` gets what it prints.
    """
    port = free_port()
    command = {
        "uvicorn": ["uvicorn", application, "--port", str(port), "--ws", "websockets-sansio"],
        "uvicorn-websockets": ["uvicorn", application, "--port", str(port), "--ws", "websockets"],
        "granian": ["granian", "--interface", "asgi", "--port", str(port), "--no-log", application],
        "daphne": ["daphne", "-p", str(port), *_DAPHNE_LIMITS, application],
    }[server]
    path = os.pathsep.join(str(ROOT / part) for part in ("python", ".", "tests/support"))
    with (log or Path(os.devnull)).open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None, f"{server} ended with {process.returncode}"
            try:
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                break
            except OSError:
                assert time.monotonic() < deadline, f"{server} does not listen"
                time.sleep(0.05)
        yield Server(server, process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
