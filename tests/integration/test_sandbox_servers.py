"""The sandbox on the old Redis layer, and under runserver."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from ports import free_port
from sandbox_server import ROOT, SANDBOX, SandboxServer
from websockets.sync.client import connect

NO_MODEL = "http://127.0.0.1:9"


@pytest.fixture
def redis_url() -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(60)


def receive_action(socket, action: str) -> dict:
    """The first frame with this action."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        frame = json.loads(socket.recv(timeout=60))
        if frame["action"] == action:
            return frame
    raise AssertionError(f"no {action}")


def test_the_old_redis_layer_carries_chat_and_a_notice_needs_no_server(tmp_path, redis_url):
    backend = "channels_redis.core.RedisChannelLayer"
    layer = {"CHANNEL_LAYER_BACKEND": backend, "REDIS_URL": redis_url}
    with SandboxServer(tmp_path, model_url=NO_MODEL, **layer) as server:
        address = server.url.replace("http", "ws") + "/ws/chat/room1/"
        assert backend in urllib.request.urlopen(server.url).read().decode()
        with connect(address) as alice, connect(address) as bob:
            for socket in (alice, bob):
                socket.send('{"action": "ping"}')
                receive_action(socket, "pong")
            line = {"action": "new_chat_message", "payload": {"name": "Alice", "message": "hi"}}
            alice.send(json.dumps(line))
            assert receive_action(bob, "new_chat_message") == line
            nowhere = f"http://127.0.0.1:{free_port()}"
            done = server.manage("notify", "--all", "--server", nowhere, "hello")
            assert done.returncode == 0, done.stderr
            for socket in (alice, bob):
                assert receive_action(socket, "notification")["payload"]["text"] == "hello"


def test_runserver_serves_pages_static_files_and_websockets(tmp_path):
    server = SandboxServer(tmp_path, model_url=NO_MODEL)
    server.prepare()
    process = subprocess.Popen(
        [sys.executable, str(SANDBOX / "manage.py"), "runserver", "--noreload", str(server.port)],
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(server.url + "/static/js/socket.js", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
        with connect(server.url.replace("http", "ws") + "/ws/system/") as socket:
            socket.send('{"action": "ping"}')
            assert json.loads(socket.recv(timeout=60))["action"] == "pong"
    finally:
        process.terminate()
        process.wait(60)
