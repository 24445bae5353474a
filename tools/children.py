"""Child processes that never outlive their parent, and questions about ports."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

PR_SET_PDEATHSIG = 1


def free_port(host: str, first: int) -> int:
    """Returns the first port from `first` on that can be listened on."""
    for port in range(first, min(first + 1000, 65536)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port
    raise SystemExit(f"error: no free port between {first} and {first + 1000} on {host}")


def port_holder(port: int) -> str | None:
    """Names the process that listens on a local port, where /proc lets us see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        with contextlib.suppress(OSError):
            if any(os.readlink(fd) in inodes for fd in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()}, process {process.name}"
    return None


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """Started processes; leaving the block ends them all, even if the parent is killed."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], *, quiet: bool = False) -> None:
        """Starts a process in a session of its own, so that Ctrl-C reaches it through us only, and once."""
        self._running[name] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def check(self) -> None:
        """Raises SystemExit when one of the children has ended."""
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                raise SystemExit(f"error: {name} ended with code {code}")

    def wait_for_port(self, name: str, host: str, port: int, *, seconds: float) -> None:
        """Returns once something listens there; exits when the named child ends or time is up."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(OSError):
                socket.create_connection((host, port), 0.2).close()
                return
            time.sleep(0.05)
        raise SystemExit(f"error: {name} does not listen on {host}:{port} after {seconds:g} s")

    def wait(self) -> None:
        """Blocks until a child ends."""
        while True:
            self.check()
            time.sleep(0.3)

    def __enter__(self) -> "Children":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # The last started goes first: a server must not see the Redis it uses disappear.
        deadline = time.monotonic() + 8
        for process in reversed(self._running.values()):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
