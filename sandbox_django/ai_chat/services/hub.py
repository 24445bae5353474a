"""The process's view of the answers that the LLM servers write.

A thread of its own with an event loop of its own: requests in threads, consumers in any loop and management commands
use it alike, and an answer is followed to its end, and kept, even when nobody watches. Everything but the methods
named in `Hub`'s first part runs in that thread.
"""

import asyncio
import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from django.db import close_old_connections

from ai_chat.services.link import Link

logger = structlog.get_logger("ai_chat")

STARTING = 5.0
"""Seconds after which an answer that its server does not know is taken for never asked."""


@dataclass
class Tracked:
    """An answer that is being written, as far as this process knows it."""

    id: str
    server: str
    text: str = ""
    feeds: list[Any] = field(default_factory=list)
    waiters: list["Future[dict[str, Any] | None]"] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    starting: bool = False
    ending: bool = False


class Hub:
    """Answers by id, and a link to each LLM server that writes one of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._answers: dict[str, Tracked] = {}
        self._links: dict[str, Link] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # -------------------------------------------------------------------------
    # From any thread
    # -------------------------------------------------------------------------

    def start(self, answer_id: str) -> None:
        """Has an answer, whose row is there, written and followed."""
        self._call(lambda: self._spawn(self._start(answer_id)))

    def follow(self, answer_id: str, feeds: Any) -> None:
        """Has the followers of a loop fed with an answer, beginning with what there is of it."""
        self._call(lambda: self._spawn(self._follow(answer_id, feeds)))

    def adopt(self, answer_id: str) -> None:
        """Follows an answer that a process begun earlier, perhaps one that is no more, to its end."""
        self._call(lambda: self._spawn(self._follow(answer_id, None)))

    def stop(self, answer_id: str) -> None:
        """Ends an answer; what has been written is kept."""
        self._call(lambda: self._spawn(self._stop(answer_id)))

    def wait(self, answer_id: str, seconds: float) -> dict[str, Any] | None:
        """Waits for the end of an answer.

        Returns:
            The message as it is kept, or None if the time is over.
        """
        future: Future[dict[str, Any] | None] = Future()
        self._call(lambda: self._spawn(self._follow(answer_id, None, future)))
        try:
            return future.result(seconds)
        except TimeoutError:
            return None

    def load(self) -> dict[str, int]:
        """How many answers of this process each server writes."""
        return dict(Counter(tracked.server for tracked in list(self._answers.values())))

    def _call(self, function: Callable[[], None]) -> None:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="ai-chat-hub", daemon=True).start()
                self._client = httpx.AsyncClient(limits=httpx.Limits(max_connections=64))
                self._threads = ThreadPoolExecutor(4, thread_name_prefix="ai-chat-hub-database")
        # What a request has bound for its log lines is not the hub's.
        self._loop.call_soon_threadsafe(function, context=contextvars.Context())

    # -------------------------------------------------------------------------
    # In the hub's thread
    # -------------------------------------------------------------------------

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("AI chat hub failed", error=type(error).__name__, exc_info=error)

    async def _in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs something with the database."""

        def run() -> Any:
            close_old_connections()
            try:
                return function(*args)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def _start(self, answer_id: str) -> None:
        from ai_chat.services import starting

        tracked = self._answers.get(answer_id)
        if tracked is not None and tracked.starting:
            return
        if tracked is None:
            tracked = self._answers[answer_id] = Tracked(answer_id, "")
        tracked.starting = True
        try:
            server, error = await starting.begin(self._client, self._in_thread, answer_id)
        except Exception as failure:
            logger.error("Answer could not be begun", answer=answer_id, error=type(failure).__name__)
            server, error = None, starting.FAILED
        finally:
            tracked.starting = False
        if server is None:
            await self._fail(tracked, error)
            return
        tracked.server = server
        tracked.since = time.monotonic()
        self._link(server).follow(answer_id, len(tracked.text))

    async def _follow(
        self, answer_id: str, feeds: Any, waiter: "Future[dict[str, Any] | None] | None" = None
    ) -> None:
        from ai_chat.serializers import message_data
        from ai_chat.services import outcome

        tracked = self._answers.get(answer_id)
        if tracked is None:
            message = await self._in_thread(outcome.find, answer_id)
            tracked = self._answers.get(answer_id)
            if message is None or (tracked is None and message.status != "streaming"):
                data = None if message is None else message_data(message)
                if waiter is not None:
                    waiter.set_result(data)
                if feeds is not None and data is not None:
                    self._hand_over([feeds], [(answer_id, data["content"], data)])
                return
            if tracked is None:
                tracked = self._answers[answer_id] = Tracked(answer_id, message.server)
                self._link(message.server).follow(answer_id, 0)
        if waiter is not None:
            tracked.waiters.append(waiter)
        if feeds is not None:
            if feeds not in tracked.feeds:
                tracked.feeds.append(feeds)
            if tracked.text:
                self._hand_over([feeds], [(answer_id, tracked.text, None)])

    async def _stop(self, answer_id: str) -> None:
        from ai_chat.services import outcome

        await self._follow(answer_id, None)
        tracked = self._answers.get(answer_id)
        if tracked is None:
            return
        for _ in range(50):
            if not tracked.starting:
                break
            await asyncio.sleep(0.1)
        try:
            url = f"{tracked.server}/v1/answers/{answer_id}/stop"
            response = await self._client.post(url, timeout=outcome.SECONDS)
            if response.is_success:
                return  # the link tells of the end
        except httpx.HTTPError as error:
            logger.warning("LLM server cannot be told to stop", error=type(error).__name__)
        await self._settle(tracked, outcome.stopped, tracked.text)

    def _link(self, server: str) -> Link:
        if server not in self._links:
            self._links[server] = Link(server, self)
        return self._links[server]

    # -------------------------------------------------------------------------
    # What the links tell
    # -------------------------------------------------------------------------

    def positions(self, server: str) -> dict[str, int]:
        """The answers that are followed at a server, and how much of each is known."""
        return {
            tracked.id: len(tracked.text)
            for tracked in self._answers.values()
            if tracked.server == server and not tracked.ending and not tracked.starting
        }

    def received(self, server: str, frame: dict[str, Any]) -> None:
        """Takes pieces, ends, tool calls, and ids that the server does not know."""
        changed: list[Tracked] = []
        for answer_id, offset, piece in frame.get("pieces", ()):
            tracked = self._answers.get(answer_id)
            if tracked is None or tracked.server != server:
                continue
            known = len(tracked.text)
            if offset > known:  # cannot be, unless the server lost its memory: ask again from what is known
                self._link(server).follow(answer_id, known)
            elif offset + len(piece) > known:
                tracked.text += piece[known - offset :]
                changed.append(tracked)
        self._feed(changed)
        for answer_id in frame.get("ended", ()):
            if (tracked := self._answers.get(answer_id)) is not None and not tracked.ending:
                tracked.ending = True
                self._spawn(self._finish(tracked))
        for answer_id in frame.get("unknown", ()):
            if (tracked := self._answers.get(answer_id)) is not None and tracked.server == server:
                self._spawn(self._unknown(tracked))
        if (call := frame.get("tool")) is not None:
            self._spawn(self._run_tool(server, call))

    def lost(self, server: str) -> None:
        """Gives up the answers of a server that is not reachable."""
        from ai_chat.services import outcome

        for tracked in list(self._answers.values()):
            if tracked.server == server and not tracked.ending and not tracked.starting:
                tracked.ending = True
                self._spawn(self._fail(tracked, outcome.GONE))

    def _feed(self, changed: list[Tracked]) -> None:
        batches: dict[int, tuple[Any, list[Any]]] = {}
        for tracked in changed:
            for feeds in tracked.feeds:
                batches.setdefault(id(feeds), (feeds, []))[1].append((tracked.id, tracked.text, None))
        for feeds, batch in batches.values():
            self._hand_over([feeds], batch)

    def _hand_over(self, targets: list[Any], batch: list[Any]) -> None:
        for feeds in targets:
            try:
                feeds.loop.call_soon_threadsafe(feeds.deliver, batch)
            except RuntimeError:  # its loop has been closed
                for answer_id, _, _ in batch:
                    if (tracked := self._answers.get(answer_id)) is not None and feeds in tracked.feeds:
                        tracked.feeds.remove(feeds)

    async def _finish(self, tracked: Tracked) -> None:
        from ai_chat.services import outcome

        await self._settle(tracked, outcome.finish, tracked.text)

    async def _fail(self, tracked: Tracked, error: str) -> None:
        from ai_chat.services import outcome

        await self._settle(tracked, outcome.fail, tracked.text, error)

    async def _settle(self, tracked: Tracked, keep: Callable[..., Any], *args: Any) -> None:
        """Keeps what became of an answer, as soon as the database allows it."""
        tracked.ending = True
        for wait in (0.2, 1.0, 5.0, 15.0, 30.0, None):
            try:
                data = await self._in_thread(keep, tracked.id, *args)
            except Exception as error:
                logger.error("Answer could not be kept", answer=tracked.id, error=type(error).__name__)
                if wait is not None:
                    await asyncio.sleep(wait)
                continue
            self._end(tracked, data)
            return
        self._end(tracked, None)  # the next who lists or opens the session tries again

    def _end(self, tracked: Tracked, data: dict[str, Any] | None) -> None:
        self._answers.pop(tracked.id, None)
        for waiter in tracked.waiters:
            waiter.set_result(data)
        if data is not None:
            self._hand_over(list(tracked.feeds), [(tracked.id, data["content"], data)])

    async def _unknown(self, tracked: Tracked) -> None:
        """The server does not know an answer: another process moved it, or it was never asked for."""
        from ai_chat.services import outcome

        message = await self._in_thread(outcome.find, tracked.id)
        if message is None or message.status != "streaming":
            await self._finish(tracked)
        elif message.server != tracked.server:
            tracked.server = message.server
            self._link(message.server).follow(tracked.id, len(tracked.text))
        elif time.monotonic() - tracked.since < STARTING:
            await asyncio.sleep(0.2)
            self._link(tracked.server).follow(tracked.id, len(tracked.text))
        elif tracked.text:
            await self._fail(tracked, outcome.GONE)
        else:
            await self._start(tracked.id)

    async def _run_tool(self, server: str, call: dict[str, Any]) -> None:
        from ai_chat.services.tools import run_tool

        try:
            result = await self._in_thread(run_tool, call["id"], call["name"], call["arguments"])
        except Exception as error:
            logger.warning("Tool failed", tool=call.get("name"), error=type(error).__name__)
            result = "The tool failed."
        self._link(server).send({"op": "tool_result", "call": call["call"], "result": result})


hub = Hub()
