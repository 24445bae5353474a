"""A PostgreSQL server of a test's own: a new cluster on a free port, in a directory that is gone afterwards."""

from __future__ import annotations

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

USER = "chanx"
PASSWORD = "a password of the tests"
DATABASE = "chanx"


def _binary(name: str) -> str:
    """A program of PostgreSQL's server, which Debian keeps outside the search path."""
    found = shutil.which(name)
    if found is None:
        versions = sorted(
            Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
        )
        if not versions:
            raise RuntimeError("these tests need PostgreSQL's server: apt-get install postgresql")
        found = str(versions[-1])
    return found


class PostgresServer:
    """Starts when made. PostgreSQL refuses to run as root, so there it runs as `nobody`."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="chanx-postgres-"))
        self.port = free_port()
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            shutil.chown(self.directory, "nobody")
            self._as = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        password = self.directory / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._data = str(self.directory / "data")
        self._log = self.directory / "log"
        try:
            self._run("initdb", "-D", self._data, "-U", USER, "--auth=scram-sha-256", "--no-sync",
                      f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
            self._start()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The DATABASE_URL of its database."""
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        return f"postgres://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [_binary(program), *arguments], capture_output=True, text=True, cwd="/", timeout=60, **self._as
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.directory),
            # What a test loses in a crash it does not miss.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [_binary("postgres"), "-D", self._data, "-p", str(self.port), *settings],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                **self._as,
            )
        import psycopg

        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
                    admin.execute(f"CREATE DATABASE {DATABASE}")
                return
            except (OSError, psycopg.OperationalError):
                time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def close(self) -> None:
        """Ends the server at once and removes its directory."""
        process = getattr(self, "process", None)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGQUIT)  # immediate shutdown
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
