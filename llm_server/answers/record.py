"""One answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_server.protocol import ChatMessage

Status = Literal["streaming", "complete", "stopped", "failed"]


class AnswerRequest(BaseModel):
    """The body of POST /v1/answers."""

    model_config = ConfigDict(extra="ignore")

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")
    model: str = Field(min_length=1, max_length=256)
    messages: list[ChatMessage] = Field(min_length=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    tools: list[Literal["clock", "search_chats"]] = []
    timeout: float = Field(default=60, gt=0, le=3600, description="Seconds of silence allowed")


@dataclass(eq=False)
class Record:
    """What is known of an answer.

    Attributes:
        id: Chosen by the client.
        model: The model that answers.
        text: What has been written.
        status: How far it is.
        error: Why it failed, for the person who asked.
        tool_calls: Name, arguments and result of each tool that was run.
        kept: How much of the text is on disk.
        listeners: Called with the record whenever there is more of it, and at its end.
    """

    id: str
    model: str
    text: str = ""
    status: Status = "streaming"
    error: str = ""
    tool_calls: list[dict[str, str]] = field(default_factory=list)
    kept: int = 0
    listeners: set[Callable[["Record"], None]] = field(default_factory=set)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes."""
        return self.status != "streaming"

    def body(self) -> dict[str, Any]:
        """As it is served."""
        return {
            "id": self.id,
            "model": self.model,
            "status": self.status,
            "text": self.text,
            "error": self.error,
            "tool_calls": self.tool_calls,
        }

    def append(self, piece: str) -> None:
        """Adds text and tells the listeners."""
        self.text += piece
        self.notify()

    def notify(self) -> None:
        """Tells the listeners."""
        for listener in self.listeners:
            listener(self)
