"""Builds a checkpoint of the tutorial and serves it as its readers do: `manage.py runserver`."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = ROOT / "docs" / "tutorial" / "checkout.py"


@dataclass(frozen=True)
class Project:
    """A checkpoint on disk."""

    directory: Path
    environment: Mapping[str, str]

    def manage(self, *arguments: str) -> str:
        """Runs manage.py and returns what it prints."""
        done = subprocess.run(
            [sys.executable, "chanx_django/manage.py", *arguments],
            cwd=self.directory,
            env={**self.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@dataclass(frozen=True)
class Server:
    """A checkpoint that is being served."""

    project: Project
    port: int

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


def build(part: str, directory: Path, *, migrate: bool = True, **environment: str) -> Project:
    """Checks a part out and makes its database."""
    subprocess.run([sys.executable, CHECKOUT, part, directory], check=True, capture_output=True, timeout=30)
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OPENAI", "DJANGO", "REDIS", "CHANNEL"))
    }
    project = Project(directory, {**ours, "PYTHONPATH": str(ROOT / "python"), **environment})
    if migrate:
        project.manage("migrate", "--verbosity", "0")
    return project


@contextmanager
def served(project: Project) -> Iterator[Server]:
    """Runs the development server on a free port."""
    port = free_port()
    log = (project.directory / "server.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "chanx_django/manage.py", "runserver", str(port), "--noreload"],
        cwd=project.directory,
        env={**project.environment},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(log.read()) from None
                time.sleep(0.05)
        yield Server(project, port)
    finally:
        process.terminate()
        process.wait(10)
        log.close()
