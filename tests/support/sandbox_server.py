"""Runs the real sandbox, uvicorn and SQLite, on a free port and in a directory of its own."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "sandbox_django"

# A copy of the first database that was migrated and seeded, for the servers that follow.
_seeded: list[Path] = []


class SandboxServer:
    """The sandbox as `make sandbox` starts it; it can be stopped and started again."""

    def __init__(self, data_dir: Path, *, model_url: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self.database = data_dir / "db.sqlite3"
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT / "python")]))
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")},
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "LLM_SERVER_URL": model_url,
            "OPENAI_BASE_URL": f"{model_url}/v1",
            "PORT": str(self.port),
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
            "SANDBOX_DATA_DIR": str(data_dir),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "SandboxServer":
        self.prepare()
        self.start()
        return self

    def prepare(self) -> None:
        """Migrates and seeds the database, once per run of the tests where it is SQLite."""
        if "DATABASE_URL" in self.environment:
            commands = ["migrate"]
            if self.environment["DJANGO_SETTINGS_MODULE"] != "config.settings.prod":
                commands.append("seed_demo")
            for command in commands:
                done = self.manage(command)
                assert done.returncode == 0, done.stderr
            return
        if _seeded and _seeded[0].exists():
            shutil.copy(_seeded[0], self.database)
            return
        for command in ("migrate", "seed_demo"):
            done = self.manage(command)
            assert done.returncode == 0, done.stderr
        _seeded[:] = [Path(shutil.copy(self.database, self.database.with_suffix(".seeded")))]

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts uvicorn and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
                    *("--app-dir", str(SANDBOX), "--port", str(self.port)),
                    *("--timeout-graceful-shutdown", "1", "--log-level", "info"),
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/health/live", timeout=1).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"The sandbox does not serve:\n{self.log.read_text()}")

    def stop(self) -> None:
        """Ends uvicorn."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Ends uvicorn without giving it time for anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    @contextmanager
    def worker(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Runs a Celery worker with the server's environment, ready to take tasks."""
        log = self.log.with_name("worker.log")
        with log.open("wb") as out:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "--workdir", str(SANDBOX), "-A", "config.celery"),
                    *("worker", "--pool", "threads", "--concurrency", "4", "--without-gossip", *arguments),
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            deadline = time.monotonic() + 40
            while "ready." not in log.read_text():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"The worker does not start:\n{log.read_text()}")
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a management command with the server's environment."""
        return subprocess.run(
            [sys.executable, str(SANDBOX / "manage.py"), *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
