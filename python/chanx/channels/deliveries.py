"""What the layers of this package hand over: broadcasts go straight to the server, everything else to ``dispatch``."""

import json
from typing import TYPE_CHECKING, Any

from chanx.core.frame_plan import GUARD_CLEAR, FramePlan, current_plan
from chanx.core.layer_messages import GROUP_MESSAGE_TYPE
from chanx.utils.camel import camelize
from chanx.utils.logging import logger

if TYPE_CHECKING:
    from chanx._core import SharedMessage
    from chanx.channels.connection import Connection


def deliver(batch: "list[tuple[Connection, SharedMessage]]") -> None:
    """Deliver a batch of messages, each to its connection.

    Args:
        batch: Pairs of connection and message; a message to a group is one object for all its members.
    """
    for connection, message in batch:
        if connection.ended:
            continue
        try:
            content = message.content
            consumer = connection.consumer
            if (
                content.get("type") != GROUP_MESSAGE_TYPE
                or connection.is_working
                or consumer.chanx_tasks.publishers
            ):
                connection.hand_over(message.copy())
                continue
            plan: FramePlan | None = consumer.chanx_plan
            if plan is None or plan.guard(consumer) != GUARD_CLEAR:
                plan = current_plan(consumer)
            if plan is None or not plan.group:
                connection.hand_over(message.copy())
            elif not (
                content.get("exclude_current") and content.get("from_channel") == consumer.channel_name
            ):
                text = _text_of(message, plan)
                connection.send({"type": "websocket.send", "text": text})
                if plan.group_completion is not None:
                    connection.send({"type": "websocket.send", "text": plan.group_completion})
        except Exception as error:
            # One connection's trouble is not its neighbours'.
            logger.error("Delivery failed", error=repr(error), exc_info=error)


def _text_of(message: "SharedMessage", plan: FramePlan) -> str:
    """The frame of a broadcast: encoded by the first member that needs it, for all members of this process."""
    cached: dict[bool, str] | None = message.cache
    if cached is None:
        message.cache = cached = {}
    text = cached.get(plan.camelize)
    if text is None:
        content: Any = message.content["message"]
        text = cached[plan.camelize] = json.dumps(camelize(content) if plan.camelize else content)
    return text
