"""The OpenAI chat completion protocol: request and response bodies, and its error format."""

import time
import uuid
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

MAX_STOP_SEQUENCES = 4


class ProtocolError(Exception):
    """A request that gets an error body in OpenAI's format."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.param = param
        self.code = code
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Returns the response body."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}

    @classmethod
    def from_validation(cls, error: ValidationError) -> "ProtocolError":
        """Names the first invalid field and how many more there are."""
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        first = problems[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        message = f"{param}: {first['msg']}" if param else first["msg"]
        if len(problems) > 1:
            message += f" (and {len(problems) - 1} more invalid fields)"
        code = "invalid_json" if first["type"] == "json_invalid" else first["type"]
        return cls(400, message, param=param, code=code)


class ContentPart(BaseModel):
    """One part of a message that is sent as a list; only text is understood."""

    type: Literal["text"]
    text: str


class FunctionCall(BaseModel):
    """The function that a model calls, and its arguments as JSON text."""

    name: str = Field(max_length=256)
    arguments: str = ""


class ToolCall(BaseModel):
    """A model's wish that a tool be run."""

    id: str = Field(default_factory=lambda: f"call_{uuid.uuid4().hex[:24]}")
    type: Literal["function"] = "function"
    function: FunctionCall


class FunctionDefinition(BaseModel):
    """A function that a model may call."""

    name: str = Field(min_length=1, max_length=256)
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ToolDefinition(BaseModel):
    """A tool that a model may call."""

    type: Literal["function"] = "function"
    function: FunctionDefinition


class ChatMessage(BaseModel):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The text, whichever way it was sent."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""

    @model_validator(mode="after")
    def _require_content(self) -> "ChatMessage":
        if self.content is None and self.role in ("system", "developer", "user"):
            raise ValueError(f"a message of role {self.role!r} needs a content")
        return self


class StreamOptions(BaseModel):
    """What a stream carries besides the text."""

    include_usage: bool = False


class ResponseFormat(BaseModel):
    """The form of the answer; only plain text can be had."""

    type: Literal["text"]


class ChatCompletionRequest(BaseModel):
    """The body of POST /v1/chat/completions; fields that do not matter here are ignored."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(min_length=1, max_length=256)
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    n: Literal[1] | None = None
    logprobs: Literal[False] | None = None
    response_format: ResponseFormat | None = None
    tools: list[ToolDefinition] | None = None
    tool_choice: Literal["auto", "none"] | None = None

    @field_validator("stop")
    @classmethod
    def _check_stop(cls, stop: str | list[str] | None) -> str | list[str] | None:
        if isinstance(stop, list) and len(stop) > MAX_STOP_SEQUENCES:
            raise ValueError(f"at most {MAX_STOP_SEQUENCES} stop sequences are allowed")
        return stop

    @property
    def stop_sequences(self) -> list[str]:
        """The stop sequences as a list, empty ones left out."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return [sequence for sequence in given if sequence]

    @property
    def token_limit(self) -> int | None:
        """The most tokens that the answer may have, by whichever of the two names it was given."""
        limits = [limit for limit in (self.max_tokens, self.max_completion_tokens) if limit is not None]
        return min(limits) if limits else None

    @property
    def tool_names(self) -> list[str]:
        """The tools that may be called."""
        return [tool.function.name for tool in self.tools or [] if self.tool_choice != "none"]

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a chunk that holds the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


class ModelCard(BaseModel):
    """One entry of GET /v1/models."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "chanx-native"
    supports_tools: bool = True


class Usage(BaseModel):
    """Token counts of one completion."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion:
    """The identity that all chunks of one answer share, and the bodies made from it."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.id = f"chatcmpl-{uuid.uuid4().hex}"
        self.created = int(time.time())

    def _body(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        """Returns one chunk of a stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._body("chat.completion.chunk", [choice])

    def usage_chunk(self, usage: Usage) -> dict[str, Any]:
        """Returns the last chunk of a stream whose usage was asked for."""
        return {**self._body("chat.completion.chunk", []), "usage": usage.model_dump()}

    def tool_chunk(self, calls: list[ToolCall]) -> dict[str, Any]:
        """Returns the chunk of a stream that calls tools."""
        listed = [{"index": index, **call.model_dump()} for index, call in enumerate(calls)]
        return self.chunk({"tool_calls": listed})

    def whole(
        self, text: str, finish_reason: str, usage: Usage, calls: list[ToolCall] | None = None
    ) -> dict[str, Any]:
        """Returns the body of an answer that is not streamed."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if calls:
            message["tool_calls"] = [call.model_dump() for call in calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
        return {**self._body("chat.completion", [choice]), "usage": usage.model_dump()}
