"""Frames that both consumers of the AI chat use: flat objects told apart by `type`."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from chanx.messages.flat import FlatMessage


class Sparse(BaseModel):
    """A model that leaves out what it has no value for."""

    @model_serializer(mode="wrap")
    def _without_none(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialize(self).items() if value is not None}


class ToolCallBody(BaseModel):
    """A tool that the model used for an answer."""

    name: str
    arguments: str = ""
    result: str = ""


class MessageBody(Sparse):
    """A message; the fields from `status` on are there for clients of `?chunks=delta` only."""

    id: UUID
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime
    status: Literal["complete", "streaming", "stopped", "failed"] | None = None
    error: str | None = None
    model: str | None = None
    tool_calls: list[ToolCallBody] | None = None

    def documented(self) -> "MessageBody":
        """With nothing but the four fields of the document."""
        return MessageBody(id=self.id, role=self.role, content=self.content, created_at=self.created_at)


class SessionBody(BaseModel):
    """A session, as over REST."""

    id: UUID
    title: str
    model: str
    effective_model: str
    temperature: float
    max_tokens: int
    system_prompt: str
    tools: list[str]
    is_active: bool
    message_count: int
    last_message: str
    streaming: UUID | None
    created_at: datetime
    updated_at: datetime


class PingMessage(FlatMessage):
    """Asks whether the server is there."""

    type: Literal["ping"] = "ping"


class PongMessage(FlatMessage):
    """Answers a ping."""

    type: Literal["pong"] = "pong"


class AuthenticateMessage(FlatMessage):
    """A token in the first frame, for clients that can send it in no other way."""

    type: Literal["authenticate"] = "authenticate"
    token: str = Field(min_length=1, max_length=200)


class ErrorMessage(FlatMessage):
    """Any failure: of a frame, of an answer, of the connection."""

    type: Literal["error"] = "error"
    message: str


class SessionCreatedMessage(FlatMessage):
    """A new session of the user."""

    type: Literal["session_created"] = "session_created"
    session: SessionBody


class SessionUpdatedMessage(FlatMessage):
    """A session has changed: its settings, its title, or an answer has begun or ended."""

    type: Literal["session_updated"] = "session_updated"
    session: SessionBody


class SessionDeletedMessage(FlatMessage):
    """A session has been deleted."""

    type: Literal["session_deleted"] = "session_deleted"
    session_id: UUID
