"""How a consumer sends messages and reports failures to its client."""

import asyncio
from typing import Any, cast

from pydantic import ValidationError

from chanx.constants import ENVELOPE_VERSION
from chanx.core.consumer_base import ConsumerBase, ReceiveEvent
from chanx.core.envelope import TopicErrorReason, current_ref, current_seq
from chanx.core.frame_plan import GUARD_CLEAR, current_plan
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import ErrorMessage
from chanx.utils.logging import logger


class Sending(ConsumerBase[ReceiveEvent]):
    """Sending frames, and the error frames."""

    async def send_message(self, message: BaseMessage, *, validate: bool = False) -> None:
        """Send a message to the client.

        Args:
            message: The message.
            validate: Check first that the consumer declares such a message.

        Raises:
            ValidationError: The message is none of those the consumer declares.
        """
        if not validate and current_ref.get() is None:
            plan = self.chanx_plan
            if plan is None or plan.guard(self) != GUARD_CLEAR:
                plan = current_plan(self)
            if plan is not None and plan.send and (text := plan.encode(message)) is not None:
                await self.base_send({"type": "websocket.send", "text": text})
                if plan.yield_after:
                    await asyncio.sleep(0)
                return
        content = message.model_dump(mode="json")
        if validate:
            self.outgoing_message_adapter.validate_python(content)
        await self.send_json(content)

    async def send_json(self, content: Any, close: bool | int = False) -> None:
        """Send JSON content to the client as one frame.

        The reference of the frame being answered is added, and keys are camel-cased if so configured.

        Args:
            content: What can be encoded as JSON.
            close: Close the connection after it, with this code if it is a number.
        """
        ref = current_ref.get()
        case = self._chanx_wire_case()
        framed = content if case is None else case.outgoing(content)
        if ref is not None and isinstance(framed, dict):
            framed = {**cast("dict[str, Any]", framed), "version": ENVELOPE_VERSION, "ref": ref}
        await super().send_json(framed, close=close)  # type: ignore[misc]  # the framework's
        await self._chanx_sent(content)

    async def send_topic_message(self, topic: str, message: BaseMessage) -> None:
        """Send a message that belongs to a topic."""
        await self.send_topic_json(topic, message.model_dump(mode="json"))

    async def send_topic_json(self, topic: str, content: dict[str, Any]) -> None:
        """Send JSON content that belongs to a topic, in its envelope.

        Args:
            topic: The topic.
            content: A message as a dictionary.
        """
        case = self._chanx_wire_case()
        framed = content if case is None else case.outgoing(content)
        framed = {**framed, "version": ENVELOPE_VERSION, "topic": topic}
        ref, seq = current_ref.get(), current_seq.get()
        if ref is not None:
            framed["ref"] = ref
        if seq is not None:
            framed["seq"] = seq
        await super().send_json(framed)  # type: ignore[misc]  # the framework's
        await self._chanx_sent(content)

    async def send_topic_error(self, topic: str, reason: TopicErrorReason, detail: str) -> None:
        """Refuse a frame for a topic.

        Args:
            topic: The topic.
            reason: Why, for programs.
            detail: Why, for people.
        """
        logger.warning("Topic error", topic=topic, reason=str(reason), detail=detail)
        payload = {"reason": reason, "detail": detail}
        await self.send_topic_message(topic, ErrorMessage(payload=payload))

    async def _chanx_sent(self, content: Any) -> None:
        """Log a frame that was sent, and give the loop a turn, each if configured."""
        if self.log_websocket_message:
            action = action_in(content, self.discriminator_field)
            if not self._chanx_is_log_ignored(action):
                logger.info("Websocket sent", sent_action=action)
        if self.send_message_immediately:
            await asyncio.sleep(0)

    def _chanx_is_log_ignored(self, action: Any) -> bool:
        return isinstance(action, str) and action in self.all_log_ignored_actions

    async def handle_validation_error(self, error: ValidationError) -> None:
        """Tell the client which fields of its frame are wrong."""
        details = error.errors(include_url=False, include_context=False, include_input=False)
        await self.send_message(ErrorMessage(payload=details))

    async def handle_json_processing_error(self, error: Exception) -> None:
        """Tell the client that its frame could not be processed; the error is only logged."""
        logger.error("Failed to process message", error=repr(error), exc_info=error)
        if not self._chanx_closed:
            await self.send_message(ErrorMessage(payload={"detail": "Failed to process message"}))

    async def handle_message_handler_error(self, error: Exception, action: str, message: BaseMessage) -> None:
        """Tell the client that a handler failed; the error is only logged.

        Args:
            error: What the handler raised.
            action: The message's action.
            message: The message it was called with.
        """
        logger.error(f"Handler error for action '{action}': {error}", exc_info=error)
        if not self._chanx_closed:
            detail = f"Failed to process message for {action}"
            await self.send_message(ErrorMessage(payload={"detail": detail}))

    async def handle_event_handler_error(self, error: Exception, action: str, event: BaseMessage) -> None:
        """Log that an event handler failed; the client did not ask for anything, so it hears nothing.

        Args:
            error: What the handler raised.
            action: The event's action.
            event: The event it was called with.
        """
        logger.error(f"Event handler error for action '{action}': {error}", exc_info=error)


def action_in(content: Any, field: str) -> Any:
    """The action of a message as a dictionary; None of anything else."""
    return cast("dict[str, Any]", content).get(field) if isinstance(content, dict) else None
