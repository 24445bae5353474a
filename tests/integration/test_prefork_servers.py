"""Real servers that fork after the application was loaded: gunicorn --preload and Celery's prefork pool."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from layers import OURS, close, within
from redis_server import RedisServer

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


class Watcher:
    """A member of the group to which the workers publish, in this process."""

    def __init__(self, kind: str, url: str) -> None:
        self.layer = OURS[kind](hosts=[url], capacity=10_000)

    async def __aenter__(self) -> "Watcher":
        self.channel = await self.layer.new_channel()
        await self.layer.group_add("watchers", self.channel)
        return self

    async def __aexit__(self, *_: object) -> None:
        await close(self.layer)

    async def next(self) -> tuple[str, int]:
        message = await within(self.layer.receive(self.channel), 60)
        return message["n"], message["pid"]


@contextlib.contextmanager
def program(kind: str, server: RedisServer, *words: str, keep: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server program, ended as an operator ends it; what it printed is shown when it fails."""
    log = server.directory / "program.log"
    paths = [str(ROOT / "python"), str(ROOT / "tests" / "support")]
    environment = {
        **os.environ,
        "PREFORK_KIND": kind,
        "PREFORK_REDIS": server.url,
        "PYTHONPATH": os.pathsep.join([*paths, os.environ.get("PYTHONPATH", "")]),
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)  # the tests' own, which Celery would look for
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            env=environment,
            cwd=server.directory,
            stdout=output,
            stderr=output,
            pass_fds=[keep] if keep >= 0 else [],
            start_new_session=True,
        )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        assert code == 0, code
    except BaseException:
        print(log.read_text())
        raise
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # workers outlive a server that failed
        process.wait()


@KINDS
@pytest.mark.parametrize("worker", ["sync", "uvicorn.workers.UvicornWorker"])
async def test_workers_of_a_preloading_gunicorn_publish(server: RedisServer, kind: str, worker: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    application = "wsgi" if worker == "sync" else "asgi"
    command = (
        f"gunicorn --preload --workers {WORKERS} --worker-class {worker} --bind fd://{listening.fileno()}"
    )

    def ask(path: str) -> int:
        with urllib.request.urlopen(f"{url}{path}", timeout=60) as answer:
            return int(answer.read())

    async with Watcher(kind, server.url) as watcher:
        with program(
            kind, server, *command.split(), f"prefork_app:{application}", keep=listening.fileno()
        ) as gunicorn:
            assert await watcher.next() == ("before", gunicorn.pid)
            answered: dict[str, int] = {}
            came: dict[str, int] = {}
            while len(set(answered.values())) < WORKERS:
                paths = [f"/{len(answered) + n}" for n in range(2 * WORKERS)]
                pids = await asyncio.gather(*(asyncio.to_thread(ask, path) for path in paths))
                answered.update(zip(paths, pids, strict=True))
                came.update([await watcher.next() for _ in paths])
                assert len(answered) < 400, "one worker takes all requests"
            assert came == answered
            assert gunicorn.pid not in answered.values()
    listening.close()


@KINDS
async def test_workers_of_a_celery_prefork_pool_publish(server: RedisServer, kind: str) -> None:
    command = (
        f"celery --app prefork_app:tasks worker --pool prefork --concurrency {WORKERS} --prefetch-multiplier 1 "
        "--without-gossip --without-mingle --without-heartbeat"
    )
    asking = Celery("asking", broker=server.url)
    async with Watcher(kind, server.url) as watcher:
        with program(kind, server, *command.split(), keep=-1) as celery:
            assert await watcher.next() == ("before", celery.pid)
            pids: set[int] = set()
            asked = 0
            while len(pids) < WORKERS:
                names = [str(asked + n) for n in range(2 * WORKERS)]
                asked += len(names)
                for name in names:
                    asking.send_task("publish", [name])
                came = [await watcher.next() for _ in names]
                assert sorted(name for name, _ in came) == sorted(names)
                pids.update(pid for _, pid in came)
                assert asked < 400, "one worker takes all tasks"
            assert celery.pid not in pids
    asking.close()
