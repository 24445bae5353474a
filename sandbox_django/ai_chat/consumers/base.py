"""What both consumers have in common: credentials, limits, flat error frames, logs without contents."""

import asyncio
import time
from typing import Any, Generic

import structlog
from accounts.models import User
from channels.db import database_sync_to_async
from pydantic import ValidationError
from typing_extensions import TypeVar

from ai_chat.messages.common import AuthenticateMessage, ErrorMessage, PingMessage, PongMessage
from ai_chat.services.access import WrongTokenError, user_of_scope, user_of_token
from ai_chat.services.errors import ChatError
from ai_chat.services.limits import places
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage

logger = structlog.get_logger("ai_chat")

SECONDS_FOR_TOKEN = 10
CLOSE_UNAUTHENTICATED = 4401
CLOSE_NOT_FOUND = 4404
CLOSE_TOO_MANY = 4429
CLOSE_FAILED = 4500

Event = TypeVar("Event", bound=BaseMessage, default=BaseMessage)


class ChatConsumer(AsyncJsonWebsocketConsumer[Event], Generic[Event]):
    """Flat frames told apart by `type`; every failure is an `error` frame."""

    discriminator_field = "type"
    camelize = False
    send_completion = False
    emits = [ErrorMessage]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: User | None = None
        self._has_place = False
        self._deadline: asyncio.TimerHandle | None = None
        self._is_ready = False
        self._refused = False
        self._since = time.monotonic()
        self._welcomed = asyncio.Lock()

    # -------------------------------------------------------------------------
    # Coming and going
    # -------------------------------------------------------------------------

    async def post_authentication(self) -> None:
        """Finds the user, or gives the client time to send a token."""
        if problem := places.enter():
            await self._refuse(problem, CLOSE_TOO_MANY)
            return
        self._has_place = True
        try:
            user = await database_sync_to_async(user_of_scope)(self.scope)
        except WrongTokenError:
            await self._refuse("The token is wrong.", CLOSE_UNAUTHENTICATED)
            return
        if user is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(SECONDS_FOR_TOKEN, self._give_up)
            return
        await self._admit(user)

    async def welcome(self) -> tuple[str, int] | None:
        """Admits the user, after credentials and limits have been checked; for subclasses.

        Returns:
            Nothing, or why not, and the close code.
        """
        raise NotImplementedError

    def goodbye(self) -> None:
        """Called when a connection that was welcomed ends; for subclasses."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serves one connection; its places are given back however it ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel_deadline()
            if self._has_place:
                places.leave()
            if self.user is not None:
                places.leave_user(self.user.pk)
                self.goodbye()

    async def disconnect(self, code: int) -> None:
        """Logs the end."""
        logger.info(
            "WebSocket closed",
            consumer=self.name,
            user=None if self.user is None else self.user.pk,
            code=code,
            seconds=round(time.monotonic() - self._since, 1),
        )

    async def _admit(self, user: User) -> None:
        if problem := places.enter_user(user.pk):
            await self._refuse(problem, CLOSE_TOO_MANY)
            return
        self.user = user
        try:
            refusal = await self.welcome()
        except Exception as error:
            _log_failure("Connecting failed", error)
            refusal = "The server failed while connecting. Try again.", CLOSE_FAILED
        if refusal is not None:
            await self._refuse(*refusal)
            return
        self._is_ready = True
        logger.info("WebSocket opened", consumer=self.name, user=user.pk)

    async def _refuse(self, reason: str, code: int) -> None:
        if self._refused:
            return
        self._refused = True
        self._cancel_deadline()
        await self.send_message(ErrorMessage(message=reason))
        await self.close(code)

    def _give_up(self) -> None:
        reason = f"No token came within {SECONDS_FOR_TOKEN} seconds."
        self.chanx_tasks.start(self._refuse(reason, CLOSE_UNAUTHENTICATED))

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    # -------------------------------------------------------------------------
    # Frames
    # -------------------------------------------------------------------------

    async def receive_message(self, message: BaseMessage) -> None:
        """Handles a frame once the client is known; before that only a token is taken."""
        if self._refused:
            return
        if not self._is_ready:
            async with self._welcomed:
                if isinstance(message, AuthenticateMessage):
                    await super().receive_message(message)
                elif not self._is_ready:
                    await self._refuse("Send a token first.", CLOSE_UNAUTHENTICATED)
                    return
            if isinstance(message, AuthenticateMessage):
                return
        await super().receive_message(message)

    @ws_handler(
        summary="Send a token",
        description="The first frame of a client that has neither cookies nor a token in its address",
        output_type=ErrorMessage,
    )
    async def handle_authenticate(self, message: AuthenticateMessage) -> ErrorMessage | None:
        """Finds the user of the token."""
        if self._is_ready:
            return ErrorMessage(message="You are authenticated already.")
        self._cancel_deadline()
        try:
            user = await database_sync_to_async(user_of_token)(message.token)
        except WrongTokenError:
            await self._refuse("The token is wrong.", CLOSE_UNAUTHENTICATED)
            return None
        await self._admit(user)
        return None

    @ws_handler(summary="Answer a ping", description="Tells that the connection lives")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    # -------------------------------------------------------------------------
    # Failures
    # -------------------------------------------------------------------------

    async def handle_validation_error(self, error: ValidationError) -> None:
        """Tells what is wrong with a frame."""
        if self._refused:
            return
        if not self._is_ready:
            await self._refuse("Send a token first.", CLOSE_UNAUTHENTICATED)
            return
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        first = problems[0]
        path = [str(part) for part in first["loc"]]
        field = ".".join(path[1:] if len(path) > 1 else path)
        text = f"{field}: {first['msg']}" if field else str(first["msg"])
        if len(problems) > 1:
            text += f" (and {len(problems) - 1} more)"
        await self.send_message(ErrorMessage(message=text))

    async def handle_json_processing_error(self, error: Exception) -> None:
        """Tells that a frame could not be processed."""
        _log_failure("Frame failed", error)
        await self.send_message(ErrorMessage(message="The server failed to process the message."))

    async def handle_message_handler_error(self, error: Exception, action: str, message: BaseMessage) -> None:
        """Tells why a request is refused, or that it failed."""
        if isinstance(error, ChatError):
            await self.send_message(ErrorMessage(message=str(error)))
            return
        _log_failure(f"Handling {action} failed", error)
        await self.send_message(ErrorMessage(message=f"The server failed to process {action}."))


def _log_failure(event: str, error: Exception) -> None:
    """Logs where something failed; the text of an error may hold what a person wrote."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    logger.error(event, error=type(error).__name__, where=frames[-3:])
