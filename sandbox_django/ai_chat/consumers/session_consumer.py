"""One session, live."""

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from ai_chat.consumers.base import CLOSE_NOT_FOUND, ChatConsumer
from ai_chat.messages.common import (
    ErrorMessage,
    MessageBody,
    SessionDeletedMessage,
    SessionUpdatedMessage,
)
from ai_chat.messages.session import (
    AiMessageChunk,
    AiMessageComplete,
    AiTypingMessage,
    AnswerBegunEvent,
    EditMessage,
    EstablishedMessage,
    MessagesRemoved,
    MessageUpdated,
    ResumeMessage,
    RetryMessage,
    SendMessage,
    SessionEvent,
    StopMessage,
    StopTypingMessage,
    TypingEvent,
    TypingMessage,
    UserMessage,
    UserStopTypingMessage,
    UserTypingMessage,
)
from ai_chat.models import ChatSession, Message
from ai_chat.services import questions
from ai_chat.services.catalog import Choice
from ai_chat.services.errors import ChatError
from ai_chat.services.feeds import feeds_of_running_loop
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.utils.scope import query_params


@channel(
    name="ai_chat_session",
    description="A session with the model. With `?chunks=delta` chunks carry positions instead of the whole text",
    tags=["ai"],
)
class SessionConsumer(ChatConsumer[SessionEvent]):
    """One window of one session."""

    passthrough_events = [MessagesRemoved, SessionUpdatedMessage, SessionDeletedMessage]
    emits = [
        EstablishedMessage,
        AiTypingMessage,
        AiMessageChunk,
        AiMessageComplete,
        MessageUpdated,
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session: ChatSession
        self.wants_positions = False
        self.position = 0
        self._follows: str | None = None
        self._followed: str | None = None

    # -------------------------------------------------------------------------
    # Coming and going
    # -------------------------------------------------------------------------

    async def welcome(self) -> tuple[str, int] | None:
        """Finds the session; tells of an answer that is being written."""
        self.wants_positions = query_params(self.scope).get("chunks") == ["delta"]
        found = await database_sync_to_async(self._find)()
        if found is None:
            return "There is no such session.", CLOSE_NOT_FOUND
        self.session, streaming, notice = found
        established = EstablishedMessage(session_id=self.session.pk)
        if self.wants_positions:
            established.streaming = streaming
            established.notice = notice or None
        await self.send_message(established)
        await self.join_group(self.session.layer_group)
        # Asked again: an answer may have begun before the group was joined.
        begun = await database_sync_to_async(self._streaming)()
        if begun is not None and begun != established.streaming:
            await self._begin(begun)
        return None

    def goodbye(self) -> None:
        """Follows nothing any more; the answer goes on."""
        self._leave()

    def _find(self) -> tuple[ChatSession, UUID | None, str] | None:
        session = ChatSession.objects.filter(
            pk=self.url_params["session_id"], user=self.user, is_active=True
        ).first()
        if session is None:
            return None
        self.session = session
        return session, self._streaming(), Choice(session.user_id).notice(session)

    def _streaming(self) -> UUID | None:
        found = self.session.messages.filter(status=Message.Status.STREAMING)
        return found.values_list("pk", flat=True).first()

    # -------------------------------------------------------------------------
    # Following an answer
    # -------------------------------------------------------------------------

    async def _begin(self, message_id: UUID) -> None:
        typing = AiTypingMessage(message_id=message_id if self.wants_positions else None)
        await self.send_message(typing)
        self._follow(str(message_id), 0)

    def _follow(self, answer_id: str, position: int) -> None:
        self._leave()
        self.position = position
        self._follows = self._followed = answer_id
        feeds_of_running_loop().join(answer_id, self)

    def _leave(self) -> None:
        if self._follows is not None:
            feeds_of_running_loop().leave(self._follows, self)
            self._follows = None

    def answer_ended(self, message: dict[str, Any]) -> None:
        """Tells how an answer ended, after its last piece."""
        self._follows = None
        body = self._body(MessageBody(**message))
        if message["status"] == Message.Status.FAILED:
            self.push(MessageUpdated(message=MessageBody(**message)).model_dump_json())
            self.push(ErrorMessage(message=message["error"]).model_dump_json())
        else:
            self.push(AiMessageComplete(message=body).model_dump_json())

    def _body(self, body: MessageBody) -> MessageBody:
        return body if self.wants_positions else body.documented()

    # -------------------------------------------------------------------------
    # Frames
    # -------------------------------------------------------------------------

    @ws_handler(
        summary="Ask",
        description="Keeps the question and has it answered",
        output_type=UserMessage | AiTypingMessage | AiMessageChunk | AiMessageComplete | ErrorMessage,
    )
    async def handle_send_message(self, message: SendMessage) -> None:
        """Has the question answered; what follows comes to every window."""
        await database_sync_to_async(self._ask)(message.message)

    def _ask(self, text: str) -> None:
        questions.ask(self._fresh(), text)

    @ws_handler(summary="Ask again", description="For an answer that failed, or another one")
    async def handle_retry(self, message: RetryMessage) -> None:
        """Replaces an answer."""
        await database_sync_to_async(lambda: questions.retry(self._fresh(), message.message_id))()

    @ws_handler(summary="Edit a question", description="Removes what came after it, and asks it")
    async def handle_edit_message(self, message: EditMessage) -> None:
        """Replaces a question."""
        await database_sync_to_async(
            lambda: questions.edit(self._fresh(), message.message_id, message.message)
        )()

    @ws_handler(summary="Stop the answer", description="What is written is kept")
    async def handle_stop(self, _message: StopMessage) -> None:
        """Ends the running answer."""
        if not await database_sync_to_async(lambda: questions.stop(self.session))():
            raise ChatError("No answer is being written.")

    @ws_handler(
        summary="Resume an answer",
        description="The rest from a position on, whether it is still being written or has ended",
        output_type=AiMessageChunk | AiMessageComplete | ErrorMessage,
    )
    async def handle_resume(self, message: ResumeMessage) -> None:
        """Follows an answer of this session from a position on."""
        known = self.session.messages.filter(pk=message.message_id, role=Message.Role.ASSISTANT)
        if not await database_sync_to_async(known.exists)():
            raise ChatError("There is no such answer in this session.", 404)
        self._follow(str(message.message_id), message.offset)

    @ws_handler(summary="Type", description="Shown to the session's other windows")
    async def handle_typing(self, _message: TypingMessage) -> None:
        """Tells the other windows."""
        await self._tell_typing(is_typing=True)

    @ws_handler(summary="Stop typing", description="Shown to the session's other windows")
    async def handle_stop_typing(self, _message: StopTypingMessage) -> None:
        """Tells the other windows."""
        await self._tell_typing(is_typing=False)

    async def _tell_typing(self, *, is_typing: bool) -> None:
        assert self.user is not None  # frames are handled after that only
        event = TypingEvent(user=self.user.get_username(), is_typing=is_typing, sender=self.channel_name)
        await self.broadcast_event(event, self.session.layer_group)

    def _fresh(self) -> ChatSession:
        """The session as it is now: its settings may have been changed over REST."""
        found = ChatSession.objects.filter(pk=self.session.pk, is_active=True).first()
        if found is None:
            raise ChatError("The session has been deleted.", 404)
        return found

    # -------------------------------------------------------------------------
    # What the other windows and REST did
    # -------------------------------------------------------------------------

    @event_handler(summary="A question", description="Asked in any window, or over REST")
    async def on_user_message(self, event: UserMessage) -> UserMessage:
        """Shows it."""
        return UserMessage(message=self._body(event.message))

    @event_handler(
        summary="An answer begins", output_type=AiTypingMessage, description="Its chunks follow by themselves"
    )
    async def on_answer_begun(self, event: AnswerBegunEvent) -> None:
        """Follows it."""
        if self._followed != str(event.message_id):
            await self._begin(event.message_id)

    @event_handler(
        summary="Somebody types",
        output_type=UserTypingMessage | UserStopTypingMessage,
        description="In another window",
    )
    async def on_typing(self, event: TypingEvent) -> UserTypingMessage | UserStopTypingMessage | None:
        """Shows it, except to the window itself."""
        if event.sender == self.channel_name:
            return None
        return (
            UserTypingMessage(user=event.user) if event.is_typing else UserStopTypingMessage(user=event.user)
        )
