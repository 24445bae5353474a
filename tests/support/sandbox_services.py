"""A pytest plugin: `--services real` runs the sandbox's tests on a PostgreSQL and a Redis that it starts itself.

It is a plugin and no conftest.py because pytest-django reads the settings before conftest files are loaded.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

_running = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--services",
        choices=("environment", "real"),
        default="environment",
        help="real: on PostgreSQL and Redis, started for this run; environment: on what DATABASE_URL and "
        "REDIS_URL say, without them on SQLite and in process (default: %(default)s)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.known_args_namespace.services != "real":
        return
    from postgres_server import PostgresServer
    from redis_server import RedisServer

    postgres = _running.enter_context(PostgresServer())
    redis = _running.enter_context(RedisServer())
    os.environ["DATABASE_URL"] = postgres.url
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:{redis.port}/0"


def pytest_report_header() -> str:
    from config.overview import overview

    facts = overview()
    return f"sandbox: {facts.layer}; {facts.database}"


def pytest_unconfigure() -> None:
    _running.close()
