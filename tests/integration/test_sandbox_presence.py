"""Who is online in a group, over two server processes of which one is killed."""

import json
import time
from contextlib import ExitStack

import httpx
import pytest
from redis_server import RedisServer
from sandbox_server import SandboxServer
from websockets.sync.client import ClientConnection, connect

NO_MODEL = "http://127.0.0.1:9"
SECONDS = 4
GROUP = "/ws/chat/1/"  # seed_demo's group of alice and bob


@pytest.fixture
def servers(tmp_path):
    """Two processes of one site: the same database, the same Redis."""
    redis = RedisServer()
    shared = {"REDIS_URL": redis.url, "CHAT_PRESENCE_SECONDS": str(SECONDS)}
    first, second = (SandboxServer(tmp_path, model_url=NO_MODEL, **shared) for _ in range(2))
    try:
        first.prepare()
        first.start()
        second.start()
        yield first, second
    finally:
        first.stop()
        second.stop()
        redis.close()


class Window:
    """One member's connection to the group."""

    def __init__(self, stack: ExitStack, server: SandboxServer, username: str) -> None:
        with httpx.Client(base_url=server.url) as client:
            client.post(
                "/api/auth/login/", json={"username": username, "password": "demo"}
            ).raise_for_status()
            cookie = f"access_token={client.cookies['access_token']}"
        address = server.url.replace("http", "ws") + GROUP
        self.socket: ClientConnection = stack.enter_context(
            connect(address, additional_headers={"Cookie": cookie})
        )
        self.ask("ping", "pong")  # so the connection is noted by now

    def ask(self, action: str, answer: str) -> dict:
        self.socket.send(json.dumps({"action": action}))
        return self.hear(answer)

    def hear(self, action: str, seconds: float = 60) -> dict:
        deadline = time.monotonic() + seconds
        while True:
            frame = json.loads(self.socket.recv(timeout=max(0, deadline - time.monotonic())))
            if frame["action"] == action:
                return frame["payload"]

    def hears_of(self, username: str, online: bool) -> None:
        payload = self.hear("presence_changed")
        assert payload == {"username": username, "online": online}

    def hears_nothing(self, seconds: float) -> None:
        with pytest.raises(TimeoutError):
            raise AssertionError(self.hear("presence_changed", seconds))


def test_online_is_right_over_processes_windows_and_a_kill(servers):
    first, second = servers
    with ExitStack() as stack:
        alice = Window(stack, first, "alice")
        assert alice.ask("who_is_online", "online_members") == {"usernames": ["alice"]}
        Window(stack, second, "bob")
        alice.hears_of("bob", online=True)
        here = Window(stack, first, "bob")
        assert here.ask("who_is_online", "online_members") == {"usernames": ["alice", "bob"]}
        # The window on the killed process dies unseen; the one here lives on, and with it bob.
        second.kill()
        alice.hears_nothing(SECONDS * 1.5)
        here.socket.close()
        alice.hears_of("bob", online=False)

        second.start()
        Window(stack, second, "bob")
        alice.hears_of("bob", online=True)
        second.kill()
        alice.hears_of("bob", online=False)
        assert alice.ask("who_is_online", "online_members") == {"usernames": ["alice"]}
