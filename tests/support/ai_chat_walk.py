"""Goes through docs/ai-chat.md, "The integration, step by step", as a person would: every command and frame as written.

usage: python tests/support/ai_chat_walk.py DATA_DIR

It needs the ports of the page (6379, 8000, 8001), so it makes itself a network of its own, if the machine allows that.
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "ai-chat.md"
SANDBOX = ROOT / "sandbox_django"
SERVERS = {"redis-server": 6379, "python llm_server.py": 8001, "python manage.py runserver": 8000}
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def enter_own_network() -> None:
    """Leaves the machine's network for an empty one in which every port is free."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET if user else CLONE_NEWNET):
        for port in SERVERS.values():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    sys.exit(
                        f"port {port} is taken, and this machine allows no network of one's own (unshare)"
                    )
        return
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up_and_running = struct.pack("16sH14s", b"lo", 0x1 | 0x40, b"")
        fcntl.ioctl(any_socket, 0x8914, up_and_running)  # SIOCSIFFLAGS


def blocks(heading: str, language: str) -> list[list[str]]:
    """The code blocks of a section, line by line, comments left out and continued lines joined."""
    section = re.split(r"^##+ ", PAGE.read_text(), flags=re.M)
    [text] = [part for part in section if part.startswith(heading)]
    found = re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)
    joined = [re.sub(r"\\\n\s*", "", block) for block in found]
    return [[line for line in block.splitlines() if line and not line.startswith("#")] for block in joined]


def shell(lines: list[str], where: Path, environment: dict[str, str]) -> str:
    """Runs lines in one terminal; returns what they print."""
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (lines, done.stdout, done.stderr)
    return done.stdout


def serve(lines: list[str], where: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Runs lines of which the last is a server; waits until it listens."""
    port = SERVERS[lines[-1]]
    log = Path(environment["SANDBOX_DATA_DIR"]) / f"{port}.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=where if lines[-1] != "redis-server" else environment["SANDBOX_DATA_DIR"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert running.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return running
        time.sleep(0.1)
    raise AssertionError(f"{lines[-1]} does not listen on {port}: {log.read_text()}")


def shape(value: Any) -> Any:
    """Keys and kinds of a frame: uuids, times and texts of the model differ each time."""
    return (
        {key: shape(part) for key, part in value.items()} if isinstance(value, dict) else type(value).__name__
    )


async def talk(token: str, session: str) -> None:
    """Step 7."""
    sent, received = [[json.loads(line) for line in block] for block in blocks("7.", "json")]
    expected = {frame["type"]: frame for frame in received}
    seen: dict[str, dict[str, Any]] = {}
    url = f"ws://localhost:8000/ws/ai-chat/session/{session}/?token={token}"
    async with connect(url) as window, connect(url) as other:
        for each in (window, other):  # both follow the session once they are answered
            await each.send('{"type": "ping"}')
        while json.loads(await other.recv())["type"] != "pong":
            pass
        for frame in sent:
            await window.send(json.dumps(frame))
        await window.send('{"type": "unknown"}')
        text = ""
        async with asyncio.timeout(30):
            while not {*expected, "pong"} <= {*seen}:
                frame = json.loads(await window.recv())
                seen.setdefault(frame["type"], frame)
                text += frame["content"] if frame["type"] == "ai_message_chunk" else ""
            heard = set()
            while not {"user_typing", "user_stop_typing", "ai_message_complete"} <= heard:
                heard.add(json.loads(await other.recv())["type"])
    for kind, frame in expected.items():
        assert shape(seen[kind]) == shape(frame), (seen[kind], frame)
    assert seen["connection_established"] == {**expected["connection_established"], "session_id": session}
    assert seen["user_message"]["message"]["content"] == sent[0]["message"]
    assert seen["ai_typing"] == expected["ai_typing"]
    assert seen["pong"] == {"type": "pong"}
    assert seen["ai_message_complete"]["message"]["content"] == text


def rest(token: str) -> str:
    """Every address of the document; returns the session."""
    with httpx.Client(
        base_url="http://localhost:8000/ai-chat/api/", headers={"Authorization": f"Token {token}"}, timeout=40
    ) as api:

        def call(method: str, path: str, status: int, body: Any = None) -> Any:
            response = api.request(method, path, json=body)
            assert response.status_code == status, (method, path, response.text)
            return response.json() if response.content else None

        call("GET", "models/", 200)
        assert call("POST", "models/sync_models/", 200)["models"] == ["chanx-offline"]
        session = call("POST", "sessions/", 201, {})["id"]
        assert call("GET", "sessions/", 200)["count"] == 1
        call("GET", f"sessions/{session}/", 200)
        call("PATCH", f"sessions/{session}/", 200, {"title": "Walk"})
        call("POST", f"sessions/{session}/send_message/", 201, {"message": "Hello, AI!"})
        assert call("GET", f"sessions/{session}/messages/", 200)["count"] == 2
        preset = call("POST", "presets/", 201, {"name": "Guide"})["id"]
        assert call("GET", "presets/", 200)["count"] == 1
        other = call("POST", f"presets/{preset}/create_session_from_preset/", 201)["id"]
        call("DELETE", f"sessions/{other}/", 204)
        return str(session)


def walk(data_dir: str) -> None:
    settings = dict(line.split("=", 1) for line in blocks("Settings", "bash")[0])
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LLM_", "REDIS", "DATABASE"))
        },
        **settings,
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "SANDBOX_DATA_DIR": data_dir,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
    }
    running: list[subprocess.Popen[bytes]] = []
    try:
        shell(blocks("1.", "bash")[0], ROOT, environment)
        shell(["python manage.py seed_demo"], SANDBOX, environment)
        running.append(serve(blocks("2.", "bash")[0], ROOT, environment))
        running.append(serve(blocks("3.", "bash")[0], SANDBOX, environment))
        running.append(serve(blocks("4.", "bash")[0], ROOT, environment))
        synced = shell(blocks("5.", "bash")[0], SANDBOX, environment)
        assert "qwen3:8b is not served here; chanx-offline answers instead." in synced
        login = {"username": "alice", "password": "demo"}
        token = httpx.post("http://localhost:8000/ai-chat/api/token/", json=login, timeout=20).json()["token"]
        health, stats = (line.replace("your_token", token) for line in blocks("6.", "bash")[0])
        assert json.loads(shell([health], ROOT, environment))["status"] == "healthy"
        assert json.loads(shell([stats], ROOT, environment))["sessions"] == 0
        session = rest(token)
        asyncio.run(talk(token, session))
        keys = subprocess.run(
            ["redis-cli", "info", "commandstats"], capture_output=True, text=True, check=True
        )
        assert "cmdstat_" in keys.stdout  # the channel layer is on that Redis
        for name in ("8000.log", "8001.log"):
            log = (Path(data_dir) / name).read_text()
            assert token not in log
            assert "Hello, AI!" not in log
    finally:
        for server in reversed(running):
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)


if __name__ == "__main__":
    enter_own_network()
    walk(sys.argv[1])
    print("walked")
