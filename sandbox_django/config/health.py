"""Whether the sandbox is ready: its database, its channel layer, its model."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

logger = structlog.get_logger("health")
SECONDS = 3


async def ready(request: HttpRequest) -> JsonResponse:
    """200 when all answer, 503 naming which do not; the reasons are in the log."""
    checks = {"database": _database, "layer": _layer, "model": _model}
    results = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
    states = dict(zip(checks, results, strict=True))
    healthy = all(state == "ok" for state in results)
    return JsonResponse({"status": "ok" if healthy else "failing", **states}, status=200 if healthy else 503)


async def _passes(name: str, check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(SECONDS):
            await check()
    except Exception as error:
        logger.warning("Not ready", part=name, error=repr(error))
        return "failing"
    return "ok"


async def _database() -> None:
    from asgiref.sync import sync_to_async

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    await sync_to_async(ask)()


async def _layer() -> None:
    """A message there and back."""
    layer: Any = get_channel_layer()  # the stubs do not know that a new channel takes a prefix
    channel = await layer.new_channel("health")
    token = secrets.token_hex(8)
    await layer.send(channel, {"type": "health", "token": token})
    received = await layer.receive(channel)
    if received["token"] != token:
        raise RuntimeError("the layer delivered another message")


async def _model() -> None:
    base = settings.OPENAI_BASE_URL or "https://api.openai.com/v1"
    headers = {"Authorization": f"Bearer {settings.OPENAI_API_KEY}"}
    async with httpx.AsyncClient(timeout=SECONDS, headers=headers) as client:
        (await client.get(f"{base}/models")).raise_for_status()
