"""A stream read in a thread of its own, so that its reader can look at other things between two pieces."""

import queue
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, cast


class Silence:
    """No piece has come for a while."""


SILENCE = Silence()


class Pump:
    """Iterates over an iterator's pieces, with SILENCE in between when there is none for `patience` seconds."""

    def __init__(self, pieces: Iterator[str], *, patience: float) -> None:
        self._pieces = pieces
        self._patience = patience
        self._arrived: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        threading.Thread(target=self._read, daemon=True, name="model-stream").start()

    def _read(self) -> None:
        try:
            with closing(cast(Any, self._pieces)):
                for piece in self._pieces:
                    if self._abandoned.is_set():
                        return
                    self._arrived.put(piece)
        except BaseException as error:
            self._arrived.put(error)
        else:
            self._arrived.put(None)

    def __iter__(self) -> Iterator[str | Silence]:
        while True:
            arrived: str | BaseException | None = None
            try:
                arrived = self._arrived.get(timeout=self._patience)
            except queue.Empty:
                yield SILENCE
                continue
            if arrived is None:
                return
            if isinstance(arrived, BaseException):
                raise arrived
            yield arrived

    def close(self) -> None:
        """Lets the thread end with the next piece, which closes the stream."""
        self._abandoned.set()
        with suppress(queue.Empty):
            while True:
                self._arrived.get_nowait()
