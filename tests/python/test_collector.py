"""What is loaded at the start is frozen once, at the first connection that a server brings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import asyncio, gc, sys
sys.path[:0] = {path!r}
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django
from django.test import override_settings
django.setup()
override_settings(CHANX={chanx!r}).enable()
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
{before}
async def connect(scope):
    received = iter([{{"type": "websocket.connect"}}, {{"type": "websocket.disconnect", "code": 1000}}])
    async def receive():
        return next(received)
    async def send(message):
        pass
    await AsyncJsonWebsocketConsumer.as_asgi()(scope, receive, send)
counts = []
for scope in {scopes!r}:
    asyncio.run(connect({{"type": "websocket", "path": "/", "headers": [], **scope}}))
    counts.append(gc.get_freeze_count())
print(*counts)
"""
SERVER: dict[str, Any] = {"asgi": {"version": "3.0"}}
TEST: dict[str, Any] = {}


def frozen(scopes: list[dict[str, Any]], chanx: dict[str, Any] | None = None, before: str = "") -> list[int]:
    """How many objects were frozen after each connection of a fresh process."""
    program = PROGRAM.format(path=sys.path, chanx=chanx or {}, before=before, scopes=scopes)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [int(count) for count in done.stdout.splitlines()[-1].split()]


def test_the_first_connection_of_a_server_freezes_what_is_loaded() -> None:
    test, first, second = frozen([TEST, SERVER, SERVER])
    assert test == 0
    assert first > 20_000
    # The second one's objects, and what becomes of the first one's, are for the collector again.
    assert second <= first


@pytest.mark.parametrize(
    ("chanx", "before", "expected"),
    [
        pytest.param({"GC_FREEZE": False}, "", 0, id="switched off"),
        pytest.param({}, "gc.disable()", 0, id="the application collects by itself"),
    ],
)
def test_it_is_left_out(chanx: dict[str, Any], before: str, expected: int) -> None:
    assert frozen([SERVER, SERVER], chanx, before) == [expected, expected]


def test_what_the_application_has_frozen_stays_as_it_is() -> None:
    before = "gc.freeze(); kept = [[] for _ in range(10_000)]"
    (count,) = frozen([SERVER], {}, before)
    (known,) = frozen([TEST], {}, before)
    assert abs(count - known) < 1000
