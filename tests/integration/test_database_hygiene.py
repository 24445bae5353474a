"""Handlers and PostgreSQL: no handler is given a connection that is too old, or one that is known to be broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import django.db
import pytest
from asgiref.sync import sync_to_async
from consumer_client import Client, connected
from postgres_server import DATABASE, PASSWORD, USER, PostgresServer

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

ALIAS = "hygiene"


class QueryMessage(BaseMessage):
    action: Literal["query"] = "query"
    payload: int | None = None


class QueryConsumer(AsyncJsonWebsocketConsumer):
    @ws_handler
    async def handle_query(self, message: QueryMessage) -> QueryMessage:
        return QueryMessage(payload=await sync_to_async(query)("SELECT pg_backend_pid()"))

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()


def query(statement: str) -> Any:
    with django.db.connections[ALIAS].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def database(postgres: PostgresServer, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The settings of a database that tests may change before its first connection."""
    options = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": postgres.port,
        "NAME": DATABASE,
        "USER": USER,
        "PASSWORD": PASSWORD,
        "CONN_MAX_AGE": None,
    }
    configured = django.db.connections.configure_settings({"default": options, ALIAS: options})[ALIAS]
    django.db.connections.settings[ALIAS] = configured
    with django_db_blocker.unblock():
        yield configured
    del django.db.connections.settings[ALIAS]


async def backend(client: Client) -> Any:
    """The process of PostgreSQL that answers a handler's query; None when the query failed."""
    answer = await client.ask({"action": "query"})
    return answer["payload"] if answer["action"] == "query" else None


def cut(postgres: PostgresServer, process: int) -> None:
    """Ends a process of the server's, as a failover or an idle time-out would."""
    import psycopg

    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


def forget() -> None:
    django.db.connections[ALIAS].close()
    del django.db.connections[ALIAS]  # with its settings


async def close_all() -> None:
    await sync_to_async(forget)()


async def test_a_connection_is_kept_and_closed_when_it_is_too_old(database: dict[str, Any]) -> None:
    async with connected(QueryConsumer) as client:
        first = await backend(client)
        assert first is not None
        assert [await backend(client) for _ in range(3)] == [first] * 3
        await close_all()
        database["CONN_MAX_AGE"] = 0
        processes = [await backend(client) for _ in range(3)]
        assert len({first, *processes}) == 4
    await close_all()


async def test_a_connection_that_failed_is_not_given_to_the_next_handler(
    database: dict[str, Any], postgres: PostgresServer
) -> None:
    async with connected(QueryConsumer) as client:
        first = await backend(client)
        await sync_to_async(cut)(postgres, first)
        assert await backend(client) is None  # nobody knew
        second = await backend(client)
        assert second not in (None, first)
        assert await backend(client) == second
    await close_all()


async def test_with_health_checks_no_handler_notices(
    database: dict[str, Any], postgres: PostgresServer
) -> None:
    database["CONN_HEALTH_CHECKS"] = True
    async with connected(QueryConsumer) as client:
        first = await backend(client)
        await sync_to_async(cut)(postgres, first)
        assert await client.ask({"action": "ping"}) == {"action": "pong", "payload": None}
        assert await backend(client) not in (None, first)
    await close_all()
