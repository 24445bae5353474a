"""Writes answers: runs the model and its tools, tells the followers, keeps the text."""

import asyncio
import logging
import sqlite3
import time
from collections import OrderedDict
from contextlib import aclosing
from typing import Protocol

from llm_server.answers.record import AnswerRequest, Record, Status
from llm_server.answers.store import Store
from llm_server.backends.base import Backend, BackendError
from llm_server.generation import Generation
from llm_server.places import Places
from llm_server.protocol import ChatCompletionRequest, ChatMessage, ProtocolError, ToolCall
from llm_server.tools import REMOTE, TOOLS, clock

logger = logging.getLogger("llm_server")

MAX_ROUNDS = 6
MAX_CHARACTERS = 1_000_000
KEEP_EVERY = 0.3
IN_MEMORY = 1000
_OUTCOMES = {"complete": "completed", "stopped": "cancelled", "failed": "failed"}


class RemoteTools(Protocol):
    """Runs tools at the clients that follow an answer."""

    async def call(self, record: Record, name: str, arguments: str) -> str:
        """Returns the tool's result."""
        ...


class Desk:
    """The answers in progress, and those that ended lately."""

    def __init__(self, backend: Backend, store: Store, places: Places, tools: RemoteTools) -> None:
        self._backend = backend
        self._store = store
        self._places = places
        self._tools = tools
        self._running: dict[str, asyncio.Task[None]] = {}
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._unkept: set[Record] = set()
        self._keeper: asyncio.Task[None] | None = None

    async def begin(self, request: AnswerRequest) -> tuple[Record, bool]:
        """Begins an answer, unless there is one of that id.

        Returns:
            The answer, and whether it is new.

        Raises:
            ProtocolError: The model is not served, or no place is free.
        """
        known = await self.find(request.id)
        if known is not None:
            return known, False
        model = await self._backend.resolve(request.model)
        if model is None:
            served = ", ".join(card.id for card in await self._backend.models()) or "none"
            message = f"The model {request.model!r} does not exist. Served here: {served}."
            raise ProtocolError(404, message, param="model", code="model_not_found")
        if request.id in self._records:  # asked twice at once
            return self._records[request.id], False
        self._places.take()
        record = Record(request.id, model)
        self._remember(record)
        try:
            await self._store.create(record)
        except sqlite3.Error:
            self._places.leave("failed")
            del self._records[record.id]
            raise
        self._running[record.id] = asyncio.create_task(self._write(record, request))
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())
        await asyncio.sleep(0)  # a task that has not begun could not tell that it was stopped
        return record, True

    async def find(self, answer_id: str) -> Record | None:
        """An answer, from memory or from disk."""
        return self._records.get(answer_id) or await self._store.find(answer_id)

    def current(self, answer_id: str) -> Record | None:
        """An answer if it is in memory."""
        return self._records.get(answer_id)

    async def stop(self, answer_id: str) -> Record | None:
        """Ends an answer; what has been written is kept."""
        task = self._running.get(answer_id)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        return await self.find(answer_id)

    async def close(self) -> None:
        """Leaves all: answers in progress are failed ones when the file is opened again."""
        for task in [*self._running.values(), *([self._keeper] if self._keeper else [])]:
            task.cancel("closing")
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._keep_now()
        await self._store.close()

    def _remember(self, record: Record) -> None:
        self._records[record.id] = record
        while len(self._records) > IN_MEMORY + len(self._running):
            oldest = next((found for found in self._records.values() if found.has_ended), None)
            if oldest is None:
                return
            del self._records[oldest.id]

    async def _write(self, record: Record, request: AnswerRequest) -> None:
        started = time.monotonic()
        status: Status = "failed"
        try:
            await self._rounds(record, request)
            status = "complete"
        except BackendError as error:
            record.error = str(error)
        except asyncio.CancelledError as error:
            if error.args == ("closing",):
                self._places.leave("cancelled")
                raise
            status = "stopped"
        except Exception as error:
            # Not the error's text: it may quote what a person wrote.
            logger.error("answer failed: %s", type(error).__name__)
            record.error = "The model failed while answering."
        del self._running[record.id]
        record.status = status
        self._places.leave(_OUTCOMES[status])
        logger.info(
            "answer %s: %s, model %s, %d characters, %.1f s",
            *(record.id, status, record.model, len(record.text), time.monotonic() - started),
        )
        self._unkept.discard(record)
        try:
            await self._store.finish(record)
        except asyncio.CancelledError:
            pass  # it is on its way to the disk already
        except sqlite3.Error as error:
            logger.error("answer %s is not on disk: %s", record.id, error)
        record.notify()

    async def _rounds(self, record: Record, request: AnswerRequest) -> None:
        messages = list(request.messages)
        definitions = [TOOLS[name] for name in request.tools]
        for number in range(MAX_ROUNDS):
            asked = ChatCompletionRequest(
                model=record.model,
                messages=messages,
                temperature=request.temperature,
                max_tokens=request.max_tokens,
                stream=True,
                # The last round has to be text.
                tools=definitions if definitions and number < MAX_ROUNDS - 1 else None,
            )
            generation = Generation(self._backend, asked, request.timeout)
            before = len(record.text)
            async with aclosing(generation.text()) as pieces:
                async for piece in pieces:
                    if len(record.text) + len(piece) > MAX_CHARACTERS:
                        raise BackendError(f"The answer is longer than {MAX_CHARACTERS} characters.")
                    self._unkept.add(record)
                    record.append(piece)
            if not generation.tool_calls:
                return
            messages.append(
                ChatMessage(
                    role="assistant", content=record.text[before:] or None, tool_calls=generation.tool_calls
                )
            )
            for call in generation.tool_calls:
                result = await self._run_tool(record, request, call)
                messages.append(ChatMessage(role="tool", content=result, tool_call_id=call.id))

    async def _run_tool(self, record: Record, request: AnswerRequest, call: ToolCall) -> str:
        name, arguments = call.function.name, call.function.arguments
        if name not in request.tools:
            result = f"There is no tool {name!r}."
        elif name in REMOTE:
            result = await self._tools.call(record, name, arguments)
        else:
            result = clock()
        record.tool_calls.append({"name": name, "arguments": arguments, "result": result})
        return result

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_EVERY)
            await self._keep_now()

    async def _keep_now(self) -> None:
        records, self._unkept = self._unkept, set()
        pieces = []
        for record in records:
            if len(record.text) > record.kept:
                pieces.append((record.id, record.kept, record.text[record.kept :]))
                record.kept = len(record.text)
        if pieces:
            try:
                await self._store.append(pieces)
            except sqlite3.Error as error:
                # The whole text is written at the end once more.
                logger.error("pieces are not on disk: %s", error)
