"""The log of frames: what it carries, and that it costs nothing while its level is off."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from consumer_cases import NotesConsumer
from consumer_client import connected

from chanx.core.decorators import ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chanx.utils.logging import logger

PING = {"action": "ping"}


class Talkative(NotesConsumer):
    log_websocket_message = True

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        logger.warning("A line of the application")
        return PongMessage()


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged; structlog is as it was afterwards."""
    before = structlog.get_config()
    caught: list[dict[str, Any]] = []

    def catch(_: Any, level: str, event: dict[str, Any]) -> str:
        caught.append({**event, "level": level})
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, catch],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    yield caught
    structlog.configure(**before)


async def test_lines_tell_their_connection_and_their_message(lines: list[dict[str, Any]]) -> None:
    async with connected(Talkative) as one, connected(Talkative) as two:
        for client in (one, one, two):
            await client.ask(PING)
    own = [line for line in lines if line["event"] == "A line of the application"]
    received = [line for line in lines if line["event"] == "Websocket received"]
    assert [line["received_action"] for line in received] == ["ping"] * 3
    assert [line["message_id"] for line in own] == [line["message_id"] for line in received]
    assert len({line["message_id"] for line in own}) == 3
    connections = [line["connection_id"] for line in own]
    assert connections[0] == connections[1] != connections[2]
    ended = [line["connection_id"] for line in lines if line["event"] == "Disconnecting websocket"]
    assert set(ended) == set(connections)


@pytest.mark.parametrize("kind", ["filtering", "stdlib"])
async def test_frames_take_the_short_way_while_the_level_is_off(
    kind: str, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "stdlib":
        structlog.configure(
            processors=[structlog.stdlib.filter_by_level, *structlog.get_config()["processors"]],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
        )
        below = logging.getLogger("chanx")
        monkeypatch.setattr(below, "level", logging.WARNING)
        below.manager._clear_cache()  # type: ignore[attr-defined]  # as setLevel() does
    else:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with connected(Talkative) as client:
        await client.ask(PING)
        assert Talkative.chanx_plan is not None
        assert Talkative.chanx_plan.reply
    assert [line["event"] for line in lines] == ["A line of the application"]
    if kind == "stdlib":
        logging.getLogger("chanx").setLevel(logging.INFO)
    else:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    async with connected(Talkative) as client:
        await client.ask(PING)
        assert not Talkative.chanx_plan.reply
    assert "Websocket sent" in [line["event"] for line in lines]
