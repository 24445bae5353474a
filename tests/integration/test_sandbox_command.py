"""What `make sandbox` runs: the banner, the children it starts and ends, and the ports it finds taken."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
VARIABLES = ("REDIS_URL", "DATABASE_URL", "CHANNEL_LAYER_BACKEND", "LLM_SERVER_URL", "DJANGO_SETTINGS_MODULE")


def environment(tmp_path: Path, **extra: str) -> dict[str, str]:
    unset = {*VARIABLES, "OPENAI_API_KEY", "OPENAI_BASE_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return {**kept, "SANDBOX_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1", **extra}


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                child = int(stat.parent.name)
                found |= {child} | descendants(child)
    return found


@contextlib.contextmanager
def sandbox(port: int, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs the command until its banner is out, and yields it with what it printed."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tools" / "sandbox.py"), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        cwd=ROOT,
    )
    assert process.stdout
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends it" in line:
                break
        else:
            pytest.fail("the sandbox did not start:\n" + "".join(lines))
        yield process, "".join(lines)
    finally:
        process.kill()
        process.wait()


def test_serves_says_what_it_runs_on_and_ends_every_child(tmp_path: Path) -> None:
    port = free_port()
    with sandbox(port, environment(tmp_path)) as (process, printed):
        assert f"http://127.0.0.1:{port}/" in printed
        assert "chanx.layers.InMemoryChannelLayer" in printed
        assert re.search(r"Database +SQLite", printed)
        assert re.search(r"Model +offline model", printed)
        assert re.search(r"Demo logins +alice, bob, admin +\(password: demo", printed)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            assert answer.status == 200
        children = descendants(process.pid)
        assert len(children) >= 2
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_killed_supervisor_takes_its_children_along(tmp_path: Path) -> None:
    with sandbox(free_port(), environment(tmp_path)) as (process, _):
        children = descendants(process.pid)
        assert len(children) >= 2
        process.kill()
        deadline = time.monotonic() + 60
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_runs_on_the_old_layer_with_a_redis_of_its_own(tmp_path: Path) -> None:
    backend = "channels_redis.core.RedisChannelLayer"
    with sandbox(free_port(), environment(tmp_path, CHANNEL_LAYER_BACKEND=backend)) as (_, printed):
        assert re.search(rf"starting a redis-server on port \d+ for {backend}", printed)
        assert re.search(rf"Channel layer +{backend} at redis://127.0.0.1:\d+", printed)
        assert re.search(r"Other terminals +export REDIS_URL=redis://127.0.0.1:\d+/0", printed)


def test_redis_url_switches_to_the_redis_layer(tmp_path: Path) -> None:
    port = free_port()
    redis = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(redis, stdout=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}/0"
        with sandbox(free_port(), environment(tmp_path, REDIS_URL=url)) as (_, printed):
            assert f"chanx.layers.RedisChannelLayer at {url[:-2]}" in printed
    finally:
        server.kill()
        server.wait()


def refused(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "sandbox.py"), *arguments],
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_busy_port_is_named_with_the_fix(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(environment(tmp_path), "--port", str(port))
    assert f"127.0.0.1:{port}" in said
    assert f"process {os.getpid()}" in said
    assert re.search(r"make sandbox PORT=\d+", said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "http://127.0.0.1/"),
        ("DATABASE_URL", "nonsense"),
        ("CHANNEL_LAYER_BACKEND", "no.such.Layer"),
        ("OPENAI_BASE_URL", "not a url"),
    ],
)
def test_wrong_setting_ends_the_start_and_is_named(tmp_path: Path, name: str, value: str) -> None:
    said = refused(environment(tmp_path, **{name: value}), "--port", str(free_port()))
    assert name in said
    assert "Traceback" not in said
