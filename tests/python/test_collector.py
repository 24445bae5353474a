"""The garbage collector is tuned once, at the first connection that a server brings."""

from __future__ import annotations

import ast
import gc
import subprocess
import sys
from typing import Any

import pytest

from chanx.channels.collector import YOUNG_OBJECTS

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
    counts.append((gc.get_freeze_count(), gc.get_threshold()[0]))
print(counts)
"""
SERVER: dict[str, Any] = {"asgi": {"version": "3.0"}}
TEST: dict[str, Any] = {}


def tuned(
    scopes: list[dict[str, Any]], chanx: dict[str, Any] | None = None, before: str = ""
) -> list[tuple[int, int]]:
    """How many objects were frozen, and the first threshold, after each connection of a fresh process."""
    program = PROGRAM.format(path=sys.path, chanx=chanx or {}, before=before, scopes=scopes)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    counts: list[tuple[int, int]] = ast.literal_eval(done.stdout.splitlines()[-1])
    return counts


DEFAULT = gc.get_threshold()[0]


def test_the_first_connection_of_a_server_tunes_the_collector() -> None:
    test, first, second = tuned([TEST, SERVER, SERVER])
    assert test == (0, DEFAULT)
    assert first[0] > 20_000
    assert first[1] == YOUNG_OBJECTS
    # The second one's objects, and what becomes of the first one's, are for the collector again.
    assert second[0] <= first[0]


@pytest.mark.parametrize(
    ("chanx", "before", "threshold"),
    [
        pytest.param({"TUNE_GC": False}, "", DEFAULT, id="switched off"),
        pytest.param({}, "gc.disable()", DEFAULT, id="the application collects by itself"),
        pytest.param({}, "gc.set_threshold(3000)", 3000, id="the application has a threshold of its own"),
    ],
)
def test_it_is_left_out(chanx: dict[str, Any], before: str, threshold: int) -> None:
    assert tuned([SERVER, SERVER], chanx, before) == [(0, threshold)] * 2


def test_what_the_application_has_frozen_stays_as_it_is() -> None:
    before = "gc.freeze(); kept = [[] for _ in range(10_000)]"
    ((count, threshold),) = tuned([SERVER], {}, before)
    ((known, _),) = tuned([TEST], {}, before)
    assert abs(count - known) < 1000
    assert threshold == DEFAULT
