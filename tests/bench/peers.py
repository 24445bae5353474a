"""The peers that benchmarks measure against, and the servers they need.

The peer library has the same import name as ours, so it is installed, without its dependencies (they are ours too),
into a folder of its own that only the peer's process has on its path.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PEER_REQUIREMENT = "chanx==2.13.*"
PEER_DIR = ROOT / "build" / "peer-chanx-2.13"


def free_port() -> int:
    """Returns a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peer_environment() -> dict[str, str]:
    """Returns the environment in which `import chanx` finds the peer, installing it on first use."""
    if not (PEER_DIR / "chanx").exists():
        print(f"installing {PEER_REQUIREMENT} into {PEER_DIR.relative_to(ROOT)}", flush=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--disable-pip-version-check",
        ]
        subprocess.run(
            [*pip, "--target", str(PEER_DIR), PEER_REQUIREMENT],
            check=True,
            stderr=subprocess.DEVNULL,
        )
    return {**os.environ, "PYTHONPATH": f"{PEER_DIR}{os.pathsep}{HERE}"}


def our_environment() -> dict[str, str]:
    """Returns the environment in which `import chanx` finds this tree's package."""
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'python'}{os.pathsep}{HERE}"}


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Returns once something listens on the port.

    Raises:
        RuntimeError: the process ended, or time is up.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with code {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port} after {seconds:g} s")


@contextlib.contextmanager
def running(command: list[str], port: int, **popen: object) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a server for the length of the block; the block starts when its port answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **popen)  # type: ignore[call-overload]  # kwargs
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Runs a redis-server of our own, without persistence, and yields its URL."""
    port = free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with running(command, port):
        yield f"redis://127.0.0.1:{port}/0"
