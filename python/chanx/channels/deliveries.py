"""What the layers of this package hand over: broadcasts go straight to the server, everything else to ``dispatch``."""

import json
from typing import TYPE_CHECKING, Any, Final

from chanx._core import Deliver, json_text
from chanx.core.frame_plan import GUARD_CLEAR, FramePlan, current_plan
from chanx.core.layer_messages import CHANNEL_EVENT_TYPE, GROUP_MESSAGE_TYPE
from chanx.core.wire_case import WireCase
from chanx.utils.logging import logger

if TYPE_CHECKING:
    from chanx._core import SharedMessage
    from chanx.channels.connection import Connection


class Broadcast:
    """A message of the layer as the connections of this process see it; made once for all of them.

    Attributes:
        is_group_message: It is a broadcast of ``broadcast_message``.
        is_event: It is an event of ``broadcast_event`` or ``send_event``.
        excluded: The channel of the sender when it is left out.
    """

    __slots__ = ("_content", "_event_frames", "_frames", "excluded", "is_event", "is_group_message")

    def __init__(self, content: dict[str, Any]) -> None:
        self.is_group_message = (
            content.get("type") == GROUP_MESSAGE_TYPE and content.get("message") is not None
        )
        self.is_event = content.get("type") == CHANNEL_EVENT_TYPE
        self.excluded = content.get("from_channel") if content.get("exclude_current") else None
        self._content = content
        self._frames: dict[WireCase | None, dict[str, Any]] = {}
        self._event_frames: dict[FramePlan, dict[str, Any] | None] | None = None

    def frame(self, case: WireCase | None) -> dict[str, Any]:
        """The frame, encoded by the first member that needs it.

        Args:
            case: How keys are spelt on the wire.
        """
        frame = self._frames.get(case)
        if frame is None:
            message = self._content["message"]
            if case is not None:
                message = case.outgoing(message)
            text = json_text(message) or json.dumps(message)
            frame = self._frames[case] = {"type": "websocket.send", "text": text}
        return frame

    def event_frame(self, plan: FramePlan) -> dict[str, Any] | None:
        """The frame of an event that is only handed on, made by the first member of its class.

        Args:
            plan: The plan of the class.

        Returns:
            The frame, None when each member has to handle the event itself.
        """
        if self._event_frames is None:
            self._event_frames = {}
        elif plan in self._event_frames:
            return self._event_frames[plan]
        text = plan.passed_on_text(self._content.get("event_data"))
        frame = None if text is None else {"type": "websocket.send", "text": text}
        self._event_frames[plan] = frame
        return frame


def deliver_each(batch: "list[tuple[Connection, SharedMessage]]") -> None:
    """Deliver a batch of messages, each to its connection, whatever has to be done for it.

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
            frame: dict[str, Any] | None = None
            completion: str | None = None
            if plan is not None and connection.worker is None:
                if broadcast.is_group_message:
                    if plan.group:
                        if broadcast.excluded is not None and broadcast.excluded == consumer.channel_name:
                            continue
                        frame, completion = broadcast.frame(plan.case), plan.group_completion
                elif plan.passed_on and broadcast.is_event:
                    frame, completion = broadcast.event_frame(plan), plan.event_completion
            if frame is not None and (consumer.chanx_tasks.publishers or connection.held is not None):
                if connection.hold(frame, completion, message.bytes):
                    continue
                frame = None
            if frame is None:
                connection.hand_over(message.copy(), message.bytes)
                previous = None
                continue
            connection.outbox.put(frame)
            if completion is not None:
                connection.outbox.put({"type": "websocket.send", "text": completion})
        except Exception as error:
            log_failure(error)


def log_failure(error: Exception) -> None:
    """Log what went wrong with one connection: it is not its neighbours' trouble."""
    logger.error("Delivery failed", error=repr(error), exc_info=error)


deliver: Final = Deliver(Broadcast, deliver_each, log_failure)
"""What layers hand a batch over to: frames that only have to be sent are, in C++; the rest is for ``deliver_each``."""
