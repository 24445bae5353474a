"""The HTTP application: OpenAI's chat protocol over any back end, and answers that go on by themselves."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from llm_server.answers.desk import Desk
from llm_server.answers.links import Links
from llm_server.answers.routes import answer_routes
from llm_server.answers.store import Store
from llm_server.backends.base import Backend, BackendError
from llm_server.bodies import add_error_handlers, read_body
from llm_server.generation import Generation
from llm_server.places import Places
from llm_server.protocol import ChatCompletionRequest, Completion, ProtocolError

logger = logging.getLogger("llm_server")


class Answer:
    """One answer in progress to a client that waits for it. It holds a place until `release`."""

    def __init__(self, request: ChatCompletionRequest, backend: Backend, model: str, places: Places) -> None:
        self._request = request
        self._generation = Generation(backend, request.model_copy(update={"model": model}))
        self._places = places
        self._outcome: Literal["completed", "cancelled", "failed"] = "cancelled"
        self.completion = Completion(model)
        places.take()

    def release(self) -> None:
        """Gives the place back and counts how the answer ended."""
        self._places.leave(self._outcome)

    async def text(self) -> AsyncGenerator[str, None]:
        """Yields the answer piece by piece."""
        try:
            async with aclosing(self._generation.text()) as pieces:
                async for piece in pieces:
                    yield piece
        except Exception as error:
            logger.error("answer failed: %s", type(error).__name__)
            self._outcome = "failed"
            raise
        self._outcome = "completed"

    async def events(self) -> AsyncIterator[bytes]:
        """Yields the server-sent events of a streamed answer."""
        yield _event(self.completion.chunk({"role": "assistant", "content": ""}))
        try:
            async with aclosing(self.text()) as text:
                async for piece in text:
                    yield _event(self.completion.chunk({"content": piece}))
        except Exception as error:
            # The status line is long gone: the error travels as an event, which clients raise.
            yield _event(_failure(error).body())
            return
        if self._generation.tool_calls:
            yield _event(self.completion.tool_chunk(self._generation.tool_calls))
        yield _event(self.completion.chunk({}, self._generation.finish_reason))
        if self._request.wants_usage:
            yield _event(self.completion.usage_chunk(self._generation.usage))
        yield b"data: [DONE]\n\n"

    async def whole(self) -> dict[str, Any]:
        """Returns the body of an answer that is not streamed.

        Raises:
            ProtocolError: The back end fails.
        """
        try:
            async with aclosing(self.text()) as pieces:
                text = "".join([piece async for piece in pieces])
        except Exception as error:
            raise _failure(error) from error
        generation = self._generation
        return self.completion.whole(text, generation.finish_reason, generation.usage, generation.tool_calls)


def _failure(error: Exception) -> ProtocolError:
    """What a client is told of a failure: a back end's own words, and of others nothing."""
    if isinstance(error, BackendError):
        return ProtocolError(error.status, str(error), kind="server_error", code="upstream_error")
    return ProtocolError(500, "The model failed while answering.", kind="server_error")


def _event(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


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


def create_app(
    backend: Backend,
    *,
    max_concurrency: int = 128,
    max_body: int = 4 * 1024 * 1024,
    store: str = ":memory:",
    keep_seconds: float = 24 * 3600.0,
) -> FastAPI:
    """Returns the application.

    Args:
        backend: What answers.
        max_concurrency: Answers in progress at once; one more is refused with 429 and Retry-After.
        max_body: The largest request body, in bytes.
        store: The SQLite file of the answers that the server writes on its own.
        keep_seconds: For how long those are kept after their end.

    Raises:
        sqlite3.Error: The file cannot be used.
    """
    places = Places(max_concurrency)
    links = Links()
    desk = Desk(backend, Store(store, keep_seconds), places, links)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await desk.close()
        await backend.close()

    app = FastAPI(
        title="chanx-native LLM server", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    add_error_handlers(app)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        try:
            models, status = [card.id for card in await backend.models()], "ok"
        except BackendError:
            models, status = [], "no_upstream"
        return {"status": status, "models": models, **places.shown()}

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [card.model_dump() for card in await backend.models()]}

    @app.get("/v1/models/{model:path}")
    async def read_model(model: str) -> dict[str, Any]:
        for card in await backend.models():
            if card.id == model:
                return card.model_dump()
        raise await _no_such_model(model, backend)

    @app.post("/v1/chat/completions")
    async def chat_completions(request: Request) -> Response:
        parsed = await read_body(request, ChatCompletionRequest, max_body)
        model = await backend.resolve(parsed.model)
        if model is None:
            raise await _no_such_model(parsed.model, backend)
        answer = Answer(parsed, backend, model, places)
        if not parsed.stream:
            return await _answer_in_one_body(request, answer)
        return AnswerStream(answer)

    app.include_router(answer_routes(desk, links, max_body))
    return app


async def _no_such_model(model: str, backend: Backend) -> ProtocolError:
    served = ", ".join(card.id for card in await backend.models()) or "none"
    message = f"The model {model!r} does not exist. Served here: {served}."
    return ProtocolError(404, message, param="model", code="model_not_found")
