"""The page "Switching from channels_redis": its diffs are applied to the project it starts from, which runs before and
after, and with processes of both kinds on one Redis; and they are taken back.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest
from asgi_server import Server, serving
from redis_server import RedisServer
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "docs" / "switching" / "project"
PAGE = (ROOT / "docs" / "switching-from-channels-redis.md").read_text()
DIFFS = re.findall(r"^```diff\n(.*?)^```", PAGE, re.M | re.S)


def patch(directory: Path, diff: str, *options: str) -> None:
    done = subprocess.run(
        ["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", *options],
        cwd=directory,
        input=diff,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def files(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The project as it was, switched, and switched with the optional diff."""
    where = tmp_path_factory.mktemp("newsroom")
    made = {name: where / name for name in ("before", "after", "optional")}
    for number, directory in enumerate(made.values()):
        shutil.copytree(PROJECT, directory, ignore=shutil.ignore_patterns("__pycache__"))
        for diff in DIFFS[:number]:
            patch(directory, diff)
    return made


def environment(project: Path, redis: RedisServer) -> dict[str, str]:
    return {
        "PYTHONPATH": f"{project}{os.pathsep}{ROOT / 'python'}",
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "REDIS_URL": redis.url,
    }


@pytest.fixture(scope="module")
def servers(projects: dict[str, Path], redis: RedisServer) -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                serving("uvicorn", "newsroom.asgi:application", environment(projects[name], redis))
            )
            for name in ("before", "after")
        }


async def heard(socket: ClientConnection) -> dict[str, str]:
    answer: dict[str, str] = json.loads(await asyncio.wait_for(socket.recv(), 10))
    return answer


async def publish(project: Path, redis: RedisServer, *headlines: str) -> None:
    command = [sys.executable, str(project / "manage.py"), "publish", *headlines]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        env={**os.environ, **environment(project, redis)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_the_switch_is_one_line_of_the_settings(projects: dict[str, Path]) -> None:
    assert len(DIFFS) == 2
    before, after = files(projects["before"]), files(projects["after"])
    assert before == files(PROJECT)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"requirements.txt", "newsroom/settings.py"}
    old, new = (text["newsroom/settings.py"].splitlines() for text in (before, after))
    (line,) = (pair for pair in zip(old, new, strict=True) if pair[0] != pair[1])
    assert line[0].replace("channels_redis.core", "chanx.layers") == line[1]


def test_the_way_back_gives_the_project_as_it_was(projects: dict[str, Path], tmp_path: Path) -> None:
    directory = tmp_path / "back"
    shutil.copytree(projects["optional"], directory)
    for diff in reversed(DIFFS):
        patch(directory, diff, "--reverse")
    assert files(directory) == files(PROJECT)


@pytest.mark.parametrize("name", ["before", "after"])
async def test_the_project_works_before_and_after(
    servers: dict[str, Server], projects: dict[str, Path], redis: RedisServer, name: str
) -> None:
    server = servers[name]
    async with AsyncExitStack() as stack:
        one, two, ticker = [
            await stack.enter_async_context(connect(server.url(path)))
            for path in (f"/ws/desk/{name}/", f"/ws/desk/{name}/", "/ws/ticker/")
        ]
        await one.send(json.dumps({"text": "for all"}))
        assert await heard(one) == await heard(two) == {"text": "for all"}
        await two.send(json.dumps({"text": "only me", "to": "me"}))
        assert await heard(two) == {"text": "only me"}
        await publish(projects[name], redis, "news")
        assert await heard(ticker) == {"headline": "news"}


async def test_processes_of_both_kinds_serve_one_newsroom(
    servers: dict[str, Server], projects: dict[str, Path], redis: RedisServer
) -> None:
    """The middle of a rolling upgrade: clients of either kind of process hear everybody, from everywhere."""
    async with AsyncExitStack() as stack:
        desks: list[ClientConnection] = []
        tickers: list[ClientConnection] = []
        for name in ("before", "after"):
            for sockets, path in ((desks, "/ws/desk/mixed/"), (tickers, "/ws/ticker/")):
                sockets.append(await stack.enter_async_context(connect(servers[name].url(path))))
        for sender in desks:
            for number in range(20):
                await sender.send(json.dumps({"text": str(number)}))
                assert [await heard(desk) for desk in desks] == [{"text": str(number)}] * 2
        for name in ("before", "after", "optional"):
            await publish(projects[name], redis, f"{name} 1", f"{name} 2")
            for ticker in tickers:
                assert [await heard(ticker) for _ in range(2)] == [
                    {"headline": f"{name} {n}"} for n in (1, 2)
                ]
