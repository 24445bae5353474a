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


class Broadcast:
    """A message of the layer as the connections of this process see it; made once for all of them.

    Attributes:
        is_group_message: It is a broadcast of ``broadcast_message``.
        excluded: The channel of the sender when it is left out.
    """

    __slots__ = ("_content", "_frames", "excluded", "is_group_message")

    def __init__(self, content: dict[str, Any]) -> None:
        self.is_group_message = (
            content.get("type") == GROUP_MESSAGE_TYPE and content.get("message") is not None
        )
        self.excluded = content.get("from_channel") if content.get("exclude_current") else None
        self._content = content
        self._frames: dict[bool, dict[str, Any]] = {}

    def frame(self, camel: bool) -> dict[str, Any]:
        """The frame, encoded by the first member that needs it.

        Args:
            camel: Spell the keys in camel case.
        """
        frame = self._frames.get(camel)
        if frame is None:
            message = self._content["message"]
            text = json.dumps(camelize(message) if camel else message)
            frame = self._frames[camel] = {"type": "websocket.send", "text": text}
        return frame


def deliver(batch: "list[tuple[Connection, SharedMessage]]") -> None:
    """Deliver a batch of messages, each to its connection.

    Args:
        batch: Pairs of connection and message; a message to a group is one object for all its members.
    """
    previous: Connection | None = None
    plan: FramePlan | None = None
    for connection, message in batch:
        try:
            broadcast: Broadcast | None = message.cache
            if broadcast is None:
                message.cache = broadcast = Broadcast(message.content)
            consumer = connection.consumer
            if connection is not previous:
                plan = consumer.chanx_plan
                if plan is None or plan.guard(consumer) != GUARD_CLEAR:
                    plan = current_plan(consumer)
                previous = connection
            if connection.ended:
                continue
            if (
                plan is None
                or not plan.group
                or not broadcast.is_group_message
                or connection.worker is not None
                or consumer.chanx_tasks.publishers
            ):
                connection.hand_over(message.copy())
                previous = None
                continue
            if broadcast.excluded is not None and broadcast.excluded == consumer.channel_name:
                continue
            outbox = connection.outbox
            if not outbox.direct or plan.group_completion is not None:
                connection.send(dict(broadcast.frame(plan.camelize)))
                if plan.group_completion is not None:
                    connection.send({"type": "websocket.send", "text": plan.group_completion})
                continue
            sending: Any = outbox.send(broadcast.frame(plan.camelize))
            try:
                awaited = sending.send(None)
            except StopIteration:
                continue
            except Exception as error:
                outbox.failed(error)
            else:
                outbox.suspended(sending, awaited)
        except Exception as error:
            # One connection's trouble is not its neighbours'.
            logger.error("Delivery failed", error=repr(error), exc_info=error)
