"""Sending what a handler returns or yields."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from inspect import isawaitable
from typing import Any, cast

from chanx.messages.base import BaseMessage


async def send_result(result: Any, send: Callable[[BaseMessage], Awaitable[None]]) -> None:
    """Wait for a handler and send its messages, in order.

    Args:
        result: What calling the handler returned: a coroutine or an async generator, as a rule.
        send: Sends one message.
    """
    if isawaitable(result):
        result = await result
    if result is None:
        return
    if isinstance(result, AsyncGenerator):
        async with aclosing(cast(AsyncGenerator[BaseMessage, None], result)) as messages:
            async for message in messages:
                await send(message)
    elif isinstance(result, list | tuple):
        for message in cast("list[BaseMessage]", result):
            await send(message)
    else:
        await send(result)
