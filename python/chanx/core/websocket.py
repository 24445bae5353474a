"""The consumer: receives typed messages, calls their handlers, sends typed answers."""

import asyncio
import contextvars
from enum import Enum
from types import CoroutineType
from typing import Any
from uuid import uuid4

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from chanx.core.consumer_base import ReceiveEvent
from chanx.core.envelope import Envelope, current_ref, strip_envelope
from chanx.core.frame_limits import frame_limits
from chanx.core.frame_plan import FramePlan
from chanx.core.handlers import plan_consumer
from chanx.core.results import send_result
from chanx.core.slow_clients import check_consumer as check_slow_clients
from chanx.core.tasks import log_task_failure
from chanx.core.topic_host import TopicHost
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import CompleteMessage
from chanx.utils.camel import require_pyhumps
from chanx.utils.logging import bind_log_context, client_is_gone, logger

__all__ = ["ChanxWebsocketConsumerMixin", "ReceiveEvent"]


_LAYER_METHODS = frozenset({"group_add", "group_discard", "group_send", "new_channel", "receive", "send"})


class ChanxWebsocketConsumerMixin(TopicHost[ReceiveEvent]):
    """A WebSocket consumer of typed messages, to be mixed into a framework's JSON consumer."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the handlers of the subclass.

        Raises:
            TypeError: Two handlers claim one action, or something listed as a message is none.
            ConfigurationError: ``camelize`` is on and pyhumps is not installed, or what the class says of slow
                clients makes no sense.
        """
        super().__init_subclass__(**kwargs)
        check_slow_clients(cls)
        if cls.__dict__.get("camelize"):
            require_pyhumps()
        plan = plan_consumer(cls)
        cls.name = plan.name
        cls.snake_name = plan.snake_name
        cls._chanx_merged_extra_groups = plan.extra_groups
        cls._chanx_merged_emits = plan.emits
        cls.chanx_sent_messages = plan.sent
        cls._MESSAGE_HANDLER_INFO_MAP = plan.message_handlers
        cls._EVENT_HANDLER_INFO_MAP = plan.event_handlers
        cls._chanx_message_methods = plan.message_methods
        cls._chanx_event_methods = plan.event_methods
        cls.incoming_message_adapter = plan.incoming
        cls.incoming_event_adapter = plan.events
        if plan.outgoing is not None:
            cls.outgoing_message_adapter = plan.outgoing

    async def websocket_connect(self, message: Any) -> None:
        """Accept a connection, authenticate it, join its groups and its default topic.

        Args:
            message: The server's ``websocket.connect``.
        """
        await self.accept()
        if not await self._chanx_authenticate():
            return
        for group in self.groups:
            await self._chanx_join_at_start(group)
        try:
            await self.post_authentication()
        except AttributeError as error:
            if self.channel_layer is None and error.obj is None and error.name in _LAYER_METHODS:
                raise self._chanx_no_layer_error() from error
            raise
        if self.default_topic is not None:
            await self._chanx_subscribe(self._chanx_resolve_default_topic())

    async def _chanx_authenticate(self) -> bool:
        """Run the authenticator, if any; a refused connection is closed."""
        if self.authenticator_class is None:
            return True
        self.authenticator = self.authenticator_class(self.send_message)
        if await self.authenticator.authenticate(self.scope):
            return True
        self._chanx_refused = True  # whatever it still sends is not for the handlers
        await self.close(self.authenticator.close_code)
        return False

    async def _chanx_join_at_start(self, group: str) -> None:
        try:
            await self.channel_layer.group_add(group, self.channel_name)
        except AttributeError:
            raise self._chanx_no_groups_error() from None

    def _chanx_no_groups_error(self) -> Exception:
        """The framework's exception for groups without a layer that has them."""
        return RuntimeError(self._chanx_no_groups_text())

    def _chanx_no_groups_text(self) -> str:
        text = "BACKEND is unconfigured or doesn't support groups"
        return text if self.channel_layer is not None else f"{text}: {self._chanx_no_layer_error()}"

    async def post_authentication(self) -> None:
        """Called once a connection has been accepted; for subclasses."""

    async def websocket_disconnect(self, message: Any) -> None:
        """Leave topics and groups, then call ``disconnect``.

        Args:
            message: The server's ``websocket.disconnect``.
        """
        await self._chanx_leave()
        await super().websocket_disconnect(message)  # type: ignore[misc]  # the framework's

    async def _chanx_leave(self) -> None:
        """End what this package keeps of the connection."""
        self._chanx_closed = True
        logger.info("Disconnecting websocket")
        await self._chanx_leave_all_topics()

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        """Close the connection.

        Args:
            code: WebSocket close code.
            reason: Reason sent along.
        """
        await super().close(code, reason)  # type: ignore[misc]  # the framework's

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Take a frame: decode it, or tell the client that it is not JSON.

        Args:
            text_data: The frame's text.
            bytes_data: The content of a binary frame; those are refused.
            **kwargs: Passed on to ``receive_json``.
        """
        if text_data is None:
            await self._chanx_reject_frame(text_data, "binary frames are not supported")
            return
        excess = frame_limits().find_excess(text_data)
        if excess is not None:
            logger.warning("Frame over a limit", reason=excess.message(), size=len(text_data))
            error = ValidationError.from_exception_data("Frame", [InitErrorDetails(type=excess, input=None)])
            await self.handle_validation_error(error)
            return
        try:
            content = await self.decode_json(text_data)
        except (ValueError, RecursionError) as error:
            await self._chanx_reject_frame(text_data, str(error))
            return
        self._chanx_frame_size = len(text_data)
        await self.receive_json(content, **kwargs)

    async def _chanx_reject_frame(self, text_data: str | None, reason: str) -> None:
        """Tell the client that a frame is not JSON."""
        logger.warning("Malformed frame", reason=reason)
        error = ValidationError.from_exception_data(
            "Envelope",
            [{"type": "json_invalid", "loc": (), "input": text_data, "ctx": {"error": reason}}],
        )
        await self.handle_validation_error(error)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Take off the envelope and start the handling of the message in a task of its own.

        Args:
            content: The decoded frame.
            **kwargs: Passed on to ``handle_json``.
        """
        try:
            envelope = Envelope.model_validate(content)
        except ValidationError as error:
            await self.handle_validation_error(error)
            return
        message = strip_envelope(content)
        if envelope.topic is None and self.default_topic is not None:
            envelope.topic = self._chanx_resolve_default_topic()
        size, self._chanx_frame_size = self._chanx_frame_size, 0
        await self.chanx_tasks.admit(size)
        context = contextvars.copy_context()
        if envelope.ref is not None:
            context.run(current_ref.set, envelope.ref)
        if envelope.topic is None:
            coro = self._chanx_receive_own_json(message, **kwargs)
        else:
            coro = self._chanx_receive_topic_json(envelope, message)
        self.chanx_tasks.start(coro, context, size)

    async def _chanx_receive_own_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Handle a frame without a topic, in its task."""
        self._chanx_log_received(content.get(self.discriminator_field))
        if (case := self._chanx_wire_case()) is not None:
            content = case.incoming(content)
        await self.handle_json(content, **kwargs)

    async def _chanx_receive_topic_json(self, envelope: Envelope, content: dict[str, Any]) -> None:
        """Handle a frame with a topic, in its task."""
        self._chanx_log_received(content.get(self.discriminator_field))
        await self._chanx_route_to_topic(envelope, content)

    def _chanx_log_received(self, action: Any) -> None:
        if not self.log_websocket_message:
            return
        bind_log_context(message_id=uuid4().hex[:8], received_action=action)
        if not self._chanx_is_log_ignored(action):
            logger.info("Websocket received")

    async def handle_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Validate a message and have it handled; every outcome ends in the completion message.

        A consumer without handlers has nothing to complete, and says only that it failed.

        Args:
            content: The message as a dictionary, in snake case.
            **kwargs: For subclasses.
        """
        if self.incoming_message_adapter is None:
            error = TypeError(f"{type(self).__name__} has no message handlers")
            await self.handle_json_processing_error(error)
            return
        try:
            message = self.incoming_message_adapter.validate_python(content)
            await self.receive_message(message)
        except ValidationError as error:
            await self.handle_validation_error(error)
        except Exception as error:
            if client_is_gone(error):
                raise
            await self.handle_json_processing_error(error)
        finally:
            if self.should_send_completion:
                await self.send_message(CompleteMessage())

    async def _chanx_answer(self, plan: FramePlan, handler: Any, message: Any) -> None:
        """Run the handler of a message that came the short way, in its task, and send its answers."""
        try:
            if plan.logs:
                action = getattr(message, self.discriminator_field)
                self._chanx_log_received(action.value if isinstance(action, Enum) else action)
            result: Any = handler(message)
            handler = None  # one object less for the garbage collector to walk while many handlers wait
            if type(result) is CoroutineType:
                result = await result
            if result is None:
                pass
            elif plan.reply and (text := plan.encode(result)) is not None:
                await self.base_send({"type": "websocket.send", "text": text})
                if plan.yield_after:
                    await asyncio.sleep(0)
            else:
                await send_result(result, self.handle_result)
        except Exception as error:
            await self._chanx_report(error, message)
        finally:
            try:
                if plan.completion is not None:
                    await self.base_send({"type": "websocket.send", "text": plan.completion})
                    if plan.yield_after:
                        await asyncio.sleep(0)
            except Exception as error:
                log_task_failure(error)
            finally:
                self.chanx_tasks.leave(asyncio.current_task())

    async def _chanx_report(self, error: Exception, message: BaseMessage) -> None:
        """Tell the client that a handler failed, as far as that can be told."""
        if client_is_gone(error):
            log_task_failure(error)
            return
        action = getattr(message, self.discriminator_field)
        try:
            try:
                await self.handle_message_handler_error(error, action, message)
            except Exception as second:
                await self.handle_json_processing_error(second)
        except Exception as third:
            log_task_failure(third)

    async def receive_message(self, message: BaseMessage) -> None:
        """Call the handler of a message and send what it returns or yields.

        Args:
            message: The message.
        """
        action = getattr(message, self.discriminator_field)
        method = self._chanx_message_methods[action]
        try:
            await send_result(getattr(self, method)(message), self.handle_result)
        except Exception as error:
            if client_is_gone(error):
                raise
            await self.handle_message_handler_error(error, action, message)

    async def handle_result(self, result: BaseMessage) -> None:
        """Send one message that a handler returned.

        Args:
            result: The message.
        """
        await self.send_message(result)


def __getattr__(name: str) -> Any:
    """Serve the consumer of Channels under its import path of chanx 1.x.

    Looked up late: this module has to import without Django.
    """
    if name == "AsyncJsonWebsocketConsumer":
        from chanx.channels.websocket import AsyncJsonWebsocketConsumer

        return AsyncJsonWebsocketConsumer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
