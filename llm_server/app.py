"""The HTTP application: OpenAI's chat protocol over any back end."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from llm_server.backends.base import Backend
from llm_server.protocol import ChatCompletionRequest, Completion, ProtocolError, Usage
from llm_server.text import BoundedText, FinishReason, split_tokens

logger = logging.getLogger("llm_server")


@dataclass(slots=True)
class Counters:
    """What the server has done since its start, shown by /health."""

    active: int = 0
    completed: int = 0
    cancelled: int = 0
    failed: int = 0
    refused: int = 0


class Answer:
    """One answer in progress. It holds a place from its creation until `release`."""

    def __init__(
        self, request: ChatCompletionRequest, backend: Backend, model: str, counters: Counters
    ) -> None:
        self._request = request
        self._backend = backend
        self._counters = counters
        self._outcome: Literal["completed", "cancelled", "failed"] = "cancelled"
        self.completion = Completion(model)
        self.finish_reason: FinishReason = "stop"
        self.usage = Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)
        counters.active += 1

    def release(self) -> None:
        """Gives the place back and counts how the answer ended."""
        self._counters.active -= 1
        setattr(self._counters, self._outcome, getattr(self._counters, self._outcome) + 1)

    async def text(self) -> AsyncGenerator[str, None]:
        """Yields the answer piece by piece."""
        bounded = BoundedText(
            self._backend.stream(self._request),
            self._request.stop_sequences,
            self._request.token_limit,
        )
        try:
            async with aclosing(bounded.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception:
            logger.exception("answer failed")
            self._outcome = "failed"
            raise
        self.finish_reason = bounded.finish_reason
        prompt = sum(len(split_tokens(message.text)) for message in self._request.messages)
        self.usage = Usage(
            prompt_tokens=prompt,
            completion_tokens=bounded.count,
            total_tokens=prompt + bounded.count,
        )
        self._outcome = "completed"

    async def events(self) -> AsyncIterator[bytes]:
        """Yields the server-sent events of a streamed answer."""
        yield _event(self.completion.chunk({"role": "assistant", "content": ""}))
        try:
            async with aclosing(self.text()) as text:
                async for piece in text:
                    yield _event(self.completion.chunk({"content": piece}))
        except Exception:
            # The status line is long gone: the error travels as an event, which clients raise.
            error = ProtocolError(500, "The model failed while answering.", kind="server_error")
            yield _event(error.body())
            return
        yield _event(self.completion.chunk({}, self.finish_reason))
        if self._request.wants_usage:
            yield _event(self.completion.usage_chunk(self.usage))
        yield b"data: [DONE]\n\n"

    async def whole(self) -> dict[str, Any]:
        """Returns the body of an answer that is not streamed."""
        async with aclosing(self.text()) as pieces:
            text = "".join([piece async for piece in pieces])
        return self.completion.whole(text, self.finish_reason, self.usage)


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


async def _read_body(request: Request, limit: int) -> bytes:
    """Reads the body, refusing one of more than `limit` bytes without holding it in memory."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise ProtocolError(415, "The body must be sent with the header Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise ProtocolError(413, f"The body is larger than {limit} bytes.", code="body_too_large")
    return bytes(body)


class AnswerStream(StreamingResponse):
    """A streamed answer. Its place is given back even if the client never reads an event."""

    def __init__(self, answer: Answer) -> None:
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(answer.events(), media_type="text/event-stream", headers=headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._answer.release()


async def _client_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _answer_in_one_body(request: Request, answer: Answer) -> Response:
    """Answers in one body; gives up as soon as the client has gone."""
    work = asyncio.create_task(answer.whole())
    gone = asyncio.create_task(_client_gone(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        return JSONResponse(work.result()) if work.done() else Response(status_code=499)
    finally:
        for task in (work, gone):
            task.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)
        answer.release()


def create_app(backend: Backend, *, max_concurrency: int = 128, max_body: int = 4 * 1024 * 1024) -> FastAPI:
    """Returns the application.

    Args:
        backend: What answers.
        max_concurrency: Answers in progress at once; one more is refused with 429 and Retry-After.
        max_body: The largest request body, in bytes.
    """
    app = FastAPI(title="chanx-native LLM server", docs_url=None, redoc_url=None, openapi_url=None)
    counters = Counters()

    @app.exception_handler(ProtocolError)
    async def protocol_error(_request: Request, error: ProtocolError) -> Response:
        return JSONResponse(error.body(), error.status, error.headers)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        known = {
            404: f"Unknown URL: {request.method} {request.url.path}",
            405: "Method not allowed.",
        }
        message = known.get(error.status_code, str(error.detail))
        body = ProtocolError(error.status_code, message, code="unknown_url").body()
        return JSONResponse(body, error.status_code, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def server_error(_request: Request, _error: Exception) -> Response:
        return JSONResponse(ProtocolError(500, "The server failed.", kind="server_error").body(), 500)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        models = [card.id for card in backend.models()]
        return {
            "status": "ok",
            "models": models,
            "max_concurrency": max_concurrency,
            **asdict(counters),
        }

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [card.model_dump() for card in backend.models()]}

    @app.get("/v1/models/{model:path}")
    async def read_model(model: str) -> dict[str, Any]:
        for card in backend.models():
            if card.id == model:
                return card.model_dump()
        raise _no_such_model(model, backend)

    @app.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        body = await _read_body(request, max_body)
        try:
            parsed = ChatCompletionRequest.model_validate_json(body)
        except ValidationError as error:
            raise ProtocolError.from_validation(error) from None
        model = backend.resolve(parsed.model)
        if model is None:
            raise _no_such_model(parsed.model, backend)
        if counters.active >= max_concurrency:
            counters.refused += 1
            raise ProtocolError(
                429,
                f"All {max_concurrency} places are taken; try again in a second.",
                kind="rate_limit_error",
                code="rate_limit_exceeded",
                headers={"Retry-After": "1"},
            )
        answer = Answer(parsed, backend, model, counters)
        if not parsed.stream:
            return await _answer_in_one_body(request, answer)
        return AnswerStream(answer)

    return app


def _no_such_model(model: str, backend: Backend) -> ProtocolError:
    served = ", ".join(card.id for card in backend.models()) or "none"
    message = f"The model {model!r} does not exist. Served here: {served}."
    return ProtocolError(404, message, param="model", code="model_not_found")
