"""The parts of a connection: database hygiene, the guard of hooks."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django.db
import pytest
from asgiref.sync import sync_to_async
from consumer_cases import FailMessage, NotesConsumer
from consumer_client import connected

from chanx import _core
from chanx.channels.database import DatabaseConnections
from chanx.core.decorators import ws_handler
from chanx.messages.outgoing import PongMessage


class Wrapper:
    """A database connection as Django's wrappers show it."""

    def __init__(self, **attributes: Any) -> None:
        self.connection: Any = object()
        self.in_atomic_block = False
        self.errors_occurred = False
        self.close_at: float | None = None
        self.autocommit = True
        self.settings_dict = {"AUTOCOMMIT": True}
        self.health_check_done = True
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("attributes", "due"),
    [
        ({}, False),
        ({"close_at": 0.0}, True),
        ({"close_at": time.monotonic() + 1000}, False),
        ({"errors_occurred": True}, True),
        ({"autocommit": False}, True),
        ({"errors_occurred": True, "in_atomic_block": True}, False),
        ({"close_at": 0.0, "connection": None}, False),
    ],
)
def test_connections_are_due_when_django_would_close_them(attributes: dict[str, Any], due: bool) -> None:
    connections, wrapper = DatabaseConnections(), Wrapper(**attributes)
    connections.opened(connection=wrapper)
    assert connections.open
    assert connections.are_due() is due
    assert connections.open is (wrapper.connection is not None)


@pytest.mark.django_db(transaction=True)
async def test_a_connection_of_another_thread_costs_one_look() -> None:
    connections, wrapper = DatabaseConnections(), Wrapper(close_at=0.0)
    connections.opened(connection=wrapper)  # in this thread, which is not the one that handlers query in
    assert connections.are_due()
    await connections.close_due()
    assert not connections.are_due()
    connections.opened(connection=wrapper)
    del wrapper
    gc.collect()
    assert not connections.are_due()
    assert not connections.open


@pytest.fixture
def aged(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """The alias of a database whose connections are not to be used twice."""
    options = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "aged.sqlite3"),
        "CONN_MAX_AGE": 0,
    }
    all_options = django.db.connections.configure_settings({"default": options, "aged": options})
    django.db.connections.settings["aged"] = all_options["aged"]
    with django_db_blocker.unblock():
        yield "aged"
    del django.db.connections.settings["aged"]


async def test_no_handler_sees_a_connection_past_its_age(aged: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Any] = []
    hops: list[int] = []
    stock = DatabaseConnections.close_due

    def query() -> None:
        found.append(django.db.connections[aged].connection)
        django.db.connections[aged].ensure_connection()

    async def counting(self: DatabaseConnections) -> None:
        hops.append(1)
        await stock(self)

    class Querying(NotesConsumer):
        @ws_handler
        async def handle_fail(self, message: FailMessage) -> PongMessage:
            await sync_to_async(query)()
            return PongMessage()

    monkeypatch.setattr(DatabaseConnections, "close_due", counting)
    async with connected(Querying) as client:
        hops.clear()
        for _ in range(3):
            await client.ask({"action": "fail"})
            for _ in range(5):
                await client.ask({"action": "ping"})
    assert found == [None, None, None]
    assert len(hops) == 3
    await sync_to_async(lambda: django.db.connections[aged].close())()


def test_the_guard_notices_changes_of_the_class_its_bases_and_the_instance() -> None:
    class Base:
        def hook(self) -> None: ...

    class Guarded(Base):
        pass

    class Derived(Guarded):
        pass

    guard = _core.HookGuard(Guarded, ("hook", "absent"))
    instance = Guarded()
    assert guard(instance) == 1
    assert guard(Derived()) == 0
    instance.other = 1  # type: ignore[attr-defined]  # not a hook
    assert guard(instance) == 1
    instance.hook = None  # type: ignore[method-assign, assignment]  # an override
    assert guard(instance) == 2
    del instance.hook
    assert guard(instance) == 1
    original = Base.hook
    Base.hook = lambda self: None  # type: ignore[method-assign]  # an override
    assert guard(instance) == 0
    Base.hook = original  # type: ignore[method-assign]  # back again
    assert guard(instance) == 1
    Guarded.absent = 1  # type: ignore[attr-defined]  # an override
    assert guard(instance) == 0
    del Guarded.absent  # type: ignore[attr-defined]  # back again
    assert guard(instance) == 1
    guard.invalidate()
    assert guard(instance) == 0
    with pytest.raises(TypeError):
        guard()
    with pytest.raises(TypeError):
        _core.HookGuard(Guarded, (1,))


def test_a_guarded_class_can_be_collected() -> None:
    def make() -> weakref.ref[type]:
        class Guarded:
            pass

        Guarded.guard = _core.HookGuard(Guarded, ("x",))  # type: ignore[attr-defined]  # a cycle
        return weakref.ref(Guarded)

    reference = make()
    gc.collect()
    assert reference() is None


async def test_nothing_of_a_connection_stays_when_it_has_ended() -> None:
    references: list[weakref.ref[Any]] = []

    class Tracked(NotesConsumer):
        async def post_authentication(self) -> None:
            references.append(weakref.ref(self))

    async with connected(Tracked) as client:
        await client.ask({"action": "ping"})
        await client.ask({"action": "broadcast"})
    del client
    gc.collect()
    assert references[0]() is None
