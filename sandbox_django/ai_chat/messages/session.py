"""Frames of one session, and what its windows hear of through the channel layer."""

from typing import Annotated, Literal
from uuid import UUID

from config.text import storable
from pydantic import AfterValidator, Field

from ai_chat.messages.common import MessageBody, SessionDeletedMessage, SessionUpdatedMessage, Sparse
from ai_chat.models.generation import MAX_TEXT
from chanx.messages.flat import FlatMessage

Question = Annotated[str, Field(max_length=MAX_TEXT, description="Plain text"), AfterValidator(storable)]

# -----------------------------------------------------------------------------
# Client to server
# -----------------------------------------------------------------------------


class SendMessage(FlatMessage):
    """A question."""

    type: Literal["send_message"] = "send_message"
    message: Question


class TypingMessage(FlatMessage):
    """The user types."""

    type: Literal["typing"] = "typing"


class StopTypingMessage(FlatMessage):
    """The user has stopped typing."""

    type: Literal["stop_typing"] = "stop_typing"


class StopMessage(FlatMessage):
    """Ends the running answer; what is written is kept. An addition to the document."""

    type: Literal["stop"] = "stop"


class ResumeMessage(FlatMessage):
    """Asks for an answer from a position on. An addition to the document."""

    type: Literal["resume"] = "resume"
    message_id: UUID
    offset: int = Field(default=0, ge=0, description="Position in Unicode code points")


class RetryMessage(FlatMessage):
    """Asks for an answer again, by default the last. An addition to the document."""

    type: Literal["retry"] = "retry"
    message_id: UUID | None = None


class EditMessage(FlatMessage):
    """Replaces a question, removes what came after it, and asks it. An addition to the document."""

    type: Literal["edit_message"] = "edit_message"
    message_id: UUID
    message: Question


# -----------------------------------------------------------------------------
# Server to client
# -----------------------------------------------------------------------------


class EstablishedMessage(Sparse, FlatMessage):
    """The first frame."""

    type: Literal["connection_established"] = "connection_established"
    session_id: UUID
    message: str = "Connected to chat session"
    streaming: UUID | None = Field(
        default=None, description="With chunks=delta: the answer that is being written"
    )
    notice: str | None = Field(default=None, description="With chunks=delta: what the user should know")


class UserMessage(FlatMessage):
    """A question has been saved."""

    type: Literal["user_message"] = "user_message"
    message: MessageBody


class AiTypingMessage(Sparse, FlatMessage):
    """An answer begins."""

    type: Literal["ai_typing"] = "ai_typing"
    message: str = "AI is thinking..."
    message_id: UUID | None = Field(default=None, description="With chunks=delta")


class AiMessageChunk(Sparse, FlatMessage):
    """Text to append to the answer."""

    type: Literal["ai_message_chunk"] = "ai_message_chunk"
    content: str
    full_content: str | None = Field(default=None, description="The text so far; not there with chunks=delta")
    message_id: UUID | None = Field(default=None, description="With chunks=delta")
    offset: int | None = Field(
        default=None, description="With chunks=delta: the position of `content`, in Unicode code points"
    )


class WholeChunk(FlatMessage):
    """`AiMessageChunk` as it is sent without chunks=delta: the C++ encoder writes it in one step."""

    type: Literal["ai_message_chunk"] = "ai_message_chunk"
    content: str
    full_content: str


class DeltaChunk(FlatMessage):
    """`AiMessageChunk` as it is sent with chunks=delta."""

    type: Literal["ai_message_chunk"] = "ai_message_chunk"
    message_id: str
    offset: int
    content: str


class AiMessageComplete(FlatMessage):
    """The answer has ended; also one that was stopped."""

    type: Literal["ai_message_complete"] = "ai_message_complete"
    message: MessageBody


class MessageUpdated(FlatMessage):
    """An answer has failed. An addition to the document."""

    type: Literal["message_updated"] = "message_updated"
    message: MessageBody


class MessagesRemoved(FlatMessage):
    """Messages have gone, because something is asked again. An addition to the document."""

    type: Literal["messages_removed"] = "messages_removed"
    message_ids: list[UUID]


class UserTypingMessage(FlatMessage):
    """Another window's user types. An addition to the document."""

    type: Literal["user_typing"] = "user_typing"
    user: str


class UserStopTypingMessage(FlatMessage):
    """Another window's user has stopped. An addition to the document."""

    type: Literal["user_stop_typing"] = "user_stop_typing"
    user: str


# -----------------------------------------------------------------------------
# Through the channel layer
# -----------------------------------------------------------------------------


class AnswerBegunEvent(FlatMessage):
    """Every window follows the answer."""

    type: Literal["answer_begun"] = "answer_begun"
    message_id: UUID


class TypingEvent(FlatMessage):
    """A window's user types or has stopped."""

    type: Literal["typing_changed"] = "typing_changed"
    user: str
    is_typing: bool
    sender: str = Field(description="The window's channel, which is left out")


SessionEvent = (
    UserMessage
    | AnswerBegunEvent
    | TypingEvent
    | MessagesRemoved
    | SessionUpdatedMessage
    | SessionDeletedMessage
)
