"""A redis-server of a test's own: on a free port and a Unix socket, in a directory of its own, gone afterwards."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from ports import free_port

_PREFIX = "chanx-redis-"
_open: set[RedisServer] = set()
_swept = False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # somebody else's
    return True


def server_directory() -> Path:
    """A new directory for a server, named after this process; those of processes that were killed are removed."""
    global _swept
    if not _swept:
        _swept = True
        for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
            owner = left.name.removeprefix(_PREFIX).partition("-")[0]
            if owner.isdigit() and not _alive(int(owner)):
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


@atexit.register
def _close_what_is_open() -> None:
    """A test that failed between making a server and entering it leaves it to this."""
    for server in list(_open):
        if server.made_in == os.getpid():
            server.close()


class RedisServer:
    """Starts when made; `stop` and `start` keep the port, the options and nothing else."""

    def __init__(self, *options: str, tls: bool = False, sentinel: bool = False) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            raise RuntimeError("these tests need redis-server: apt-get install redis-server")
        self.directory = server_directory()
        self.made_in = os.getpid()
        _open.add(self)
        self.port = free_port()
        self.socket = str(self.directory / "redis.sock")
        self.url = f"redis{'s' if tls else ''}://127.0.0.1:{self.port}/0"
        plain = ["--port", str(self.port)] if not tls else ["--port", "0", "--tls-port", str(self.port)]
        self.command = [binary, *plain, "--dir", str(self.directory)]
        if sentinel:
            config = self.directory / "sentinel.conf"
            config.write_text("\n".join(options) + "\n")
            self.command = [
                binary,
                str(config),
                "--sentinel",
                "--port",
                str(self.port),
                "--dir",
                str(self.directory),
            ]
        else:
            self.command += ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
            self.command += ["--unixsocket", self.socket, *options]
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Starts the server and waits until it takes connections."""
        # What a sanitizer has loaded into this process is not for the server.
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        self.process = subprocess.Popen(
            self.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)
        raise RuntimeError(f"redis-server did not start: {' '.join(self.command)}")

    def stop(self) -> None:
        """Kills the server: its connections break."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """The server keeps its connections and answers nothing."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Ends a pause."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def options(self, **more: Any) -> dict[str, Any]:
        """The options of a client for this server."""
        return {"host": "127.0.0.1", "port": self.port, **more}

    def cli(self, *words: str) -> str:
        """What `redis-cli` prints for a command; over the Unix socket, so that TLS does not matter."""
        done = subprocess.run(
            ["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout

    def close(self) -> None:
        """Stops the server and removes its directory."""
        self.stop()
        _open.discard(self)
        # A child of the server, which carries its data to a replica, may still be writing.
        deadline = time.monotonic() + 5
        while self.directory.exists():
            with contextlib.suppress(FileNotFoundError):
                try:
                    shutil.rmtree(self.directory)
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)

    def __enter__(self) -> RedisServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
