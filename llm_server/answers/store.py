"""Answers on disk: a small SQLite file that one thread writes, a few times a second."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from llm_server.answers.record import Record

RESTARTED = "The model server was restarted while it was answering. Try again."
_SCHEMA = """
create table if not exists answers (
    id text primary key, model text not null, status text not null, text text not null default '',
    error text not null default '', tool_calls text not null default '[]', changed real not null
) without rowid;
create table if not exists pieces (
    id text not null, position integer not null, text text not null, primary key (id, position)
) without rowid;
create index if not exists answers_changed on answers (changed);
"""

T = TypeVar("T")


class Store:
    """Keeps answers so that they survive this process."""

    def __init__(self, path: str, keep_seconds: float) -> None:
        """Opens the file; answers that were being written when it was left are failed ones now.

        Args:
            path: The file, or `:memory:`.
            keep_seconds: For how long an answer that has ended is kept.

        Raises:
            sqlite3.Error: The file cannot be used.
        """
        self._keep_seconds = keep_seconds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="answers-store")
        self._database = self._thread.submit(self._open, path).result()

    @staticmethod
    def _open(path: str) -> sqlite3.Connection:
        database = sqlite3.connect(path, check_same_thread=False)
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=normal")
        database.executescript(_SCHEMA)
        for (answer_id,) in database.execute("select id from answers where status = 'streaming'").fetchall():
            text = _joined(database, answer_id)
            database.execute(
                "update answers set status = 'failed', error = ?, text = ?, changed = ? where id = ?",
                (RESTARTED, text, time.time(), answer_id),
            )
            database.execute("delete from pieces where id = ?", (answer_id,))
        database.commit()
        return database

    async def create(self, record: Record) -> None:
        """Keeps a new answer before anybody is told that it was taken."""
        row = (record.id, record.model, record.status, time.time())
        await self._run(
            lambda: self._write(
                ("insert or ignore into answers (id, model, status, changed) values (?, ?, ?, ?)", [row])
            )
        )

    async def append(self, pieces: list[tuple[str, int, str]]) -> None:
        """Keeps pieces: answer, position, text."""
        await self._run(lambda: self._write(("insert or replace into pieces values (?, ?, ?)", pieces)))

    async def finish(self, record: Record) -> None:
        """Keeps an answer that has ended, in one row; forgets old ones."""
        row = (
            *(record.model, record.status, record.text, record.error),
            *(json.dumps(record.tool_calls), time.time(), record.id),
        )
        old = time.time() - self._keep_seconds
        await self._run(
            lambda: self._write(
                (
                    "update answers set model = ?, status = ?, text = ?, error = ?, tool_calls = ?, changed = ? "
                    "where id = ?",
                    [row],
                ),
                ("delete from pieces where id = ?", [(record.id,)]),
                ("delete from answers where status != 'streaming' and changed < ?", [(old,)]),
            )
        )

    async def find(self, answer_id: str) -> Record | None:
        """Reads an answer that has ended."""
        row = await self._run(
            lambda: self._database.execute(
                "select model, status, text, error, tool_calls from answers where id = ?", (answer_id,)
            ).fetchone()
        )
        if row is None:
            return None
        model, status, text, error, tool_calls = row
        return Record(answer_id, model, text, status, error, json.loads(tool_calls), kept=len(text))

    async def close(self) -> None:
        """Closes the file."""
        await self._run(self._database.close)
        self._thread.shutdown()

    def _write(self, *statements: tuple[str, list[tuple[Any, ...]]]) -> None:
        with self._database:
            for statement, rows in statements:
                self._database.executemany(statement, rows)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _joined(database: sqlite3.Connection, answer_id: str) -> str:
    rows = database.execute("select text from pieces where id = ? order by position", (answer_id,))
    return "".join(text for (text,) in rows)
