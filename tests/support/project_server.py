"""The test project of tests/project behind a real uvicorn."""

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


@contextmanager
def project_server(port: int | None = None) -> Iterator[str]:
    """Start the server, on a free port unless one is given; yields its address, host and port."""
    port = port or free_port()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)]),
    }
    command = [sys.executable, "-m", "uvicorn", "tests.project.asgi:application", "--port", str(port)]
    with subprocess.Popen([*command, "--log-level", "warning"], env=environment, cwd=ROOT) as server:
        try:
            _wait(server, port)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError("the server has ended") from None
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
