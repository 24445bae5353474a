"""Handing an answer to an LLM server, or to the next one if that fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import structlog
from django.conf import settings

from ai_chat.models import Message
from ai_chat.services import outcome
from ai_chat.services.balancer import balancer

logger = structlog.get_logger("ai_chat")

CONNECT = 3.0
BUSY = "All LLM servers are busy. Try again in a moment."
UNREACHABLE = "No LLM server answers. Try again in a moment."
FAILED = "The answer could not be begun. Try again."
REFUSED = "The LLM server refuses the request: check the session's model and settings."


async def begin(
    client: httpx.AsyncClient, in_thread: Callable[..., Awaitable[Any]], answer_id: str
) -> tuple[str | None, str]:
    """Has a server write an answer.

    Args:
        client: For the requests.
        in_thread: Runs a function with the database.
        answer_id: The answer.

    Returns:
        The server, or None and what the person is told.
    """
    prepared = await in_thread(_prepare, answer_id)
    if prepared is None:
        return None, "The answer is there no more."
    request, servers = prepared
    current = servers[0]
    deadline = time.monotonic() + settings.LLM_TIMEOUT
    while True:
        error, may_wait = UNREACHABLE, False
        for server in servers:
            if server != current:
                current = server
                await in_thread(_move, answer_id, server)
            started = time.monotonic()
            try:
                response = await client.post(
                    f"{server}/v1/answers", json=request, timeout=httpx.Timeout(10, connect=CONNECT)
                )
            except httpx.HTTPError as failure:
                balancer.failed(server)
                logger.warning(
                    "LLM request failed", server=server, answer=answer_id, error=type(failure).__name__
                )
                continue
            logger.info(
                "LLM request",
                server=server,
                answer=answer_id,
                model=request["model"],
                status=response.status_code,
                milliseconds=round((time.monotonic() - started) * 1000),
            )
            if response.is_success:
                balancer.worked(server)
                return server, ""
            balancer.failed(server)
            may_wait = may_wait or response.status_code == httpx.codes.TOO_MANY_REQUESTS
            error = BUSY if response.status_code == httpx.codes.TOO_MANY_REQUESTS else _reason(response)
        if not may_wait or time.monotonic() > deadline:
            return None, error
        await asyncio.sleep(0.5)


def _reason(response: httpx.Response) -> str:
    """What the LLM server says itself."""
    try:
        return str(response.json()["error"]["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return REFUSED


def _prepare(answer_id: str) -> tuple[dict[str, Any], list[str]] | None:
    from ai_chat.services.questions import request_of

    answer = outcome.find(answer_id)
    if answer is None or answer.status != Message.Status.STREAMING:
        return None
    servers = balancer.order(answer.model)
    first = [answer.server] if answer.server in servers else []
    return request_of(answer), first + [server for server in servers if server not in first]


def _move(answer_id: str, server: str) -> None:
    Message.objects.filter(pk=answer_id, status=Message.Status.STREAMING).update(server=server)
