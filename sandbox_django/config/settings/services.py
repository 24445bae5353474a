"""What the sandbox talks to, chosen by the environment: database, channel layer and model."""

import os
import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config.settings import ai_chat, environment

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
IN_PROCESS_LAYER = "chanx.layers.InMemoryChannelLayer"
REDIS_LAYER = "chanx.layers.RedisChannelLayer"
REDIS_SCHEMES = ("redis", "rediss", "unix")


def databases(env: environ.Env, data_dir: Path) -> dict[str, Any]:
    """DATABASE_URL, else PostgreSQL by the group DB_HOST..., else SQLite in the data directory.

    Raises:
        ImproperlyConfigured: DATABASE_URL names no database that Django knows, or a variable of the group is wrong.
    """
    value = environment.text("DATABASE_URL")
    config: dict[str, Any]
    if not value:
        config = postgres_of_group() or {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data_dir / "db.sqlite3"),
        }
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = dict(env.db_url_config(value))
        engine = str(config.get("ENGINE", ""))
        if not engine.startswith("django.db.backends.") or not config.get("NAME"):
            scheme = value.partition(":")[0]
            raise ImproperlyConfigured(
                f"DATABASE_URL begins with {scheme!r} or names no database. Examples: "
                "DATABASE_URL=postgres://user:password@127.0.0.1:5432/chanx, "
                "DATABASE_URL=sqlite:////tmp/chanx.sqlite3"
            )
    if config["ENGINE"].endswith("sqlite3"):
        # Writers wait for each other instead of failing; readers do not wait for a writer.
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        }
    return {"default": config}


def postgres_of_group() -> dict[str, Any] | None:
    """PostgreSQL by DB_HOST, DB_PORT, DB_NAME, DB_USER and DB_PASSWORD, once any of them is set.

    What is not set is as in docker-compose.yml.

    Raises:
        ImproperlyConfigured: A host or a port is none.
    """
    if not environment.any_of("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD"):
        return None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environment.host("DB_HOST"),
        "PORT": environment.port("DB_PORT", "5432"),
        "NAME": environment.text("DB_NAME") or "chanx",
        "USER": environment.text("DB_USER") or "chanx",
        "PASSWORD": environment.secret("DB_PASSWORD") or "chanx",
    }


def redis_url() -> str:
    """REDIS_URL, else the address of REDIS_HOST and REDIS_PORT once one of them is set, else nothing.

    Raises:
        ImproperlyConfigured: One of them is wrong.
    """
    if url := environment.url("REDIS_URL", schemes=REDIS_SCHEMES):
        return url
    if not environment.any_of("REDIS_HOST", "REDIS_PORT"):
        return ""
    host = environment.host("REDIS_HOST")
    return f"redis://{f'[{host}]' if ':' in host else host}:{environment.port('REDIS_PORT', '6379')}/0"


def caches() -> dict[str, Any]:
    """Redis where there is one, so that all processes count requests together; else this process."""
    if not (url := redis_url()):
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "sandbox",
        }
    }


TASK_PLACES = ("request", "celery")
BROKER_SECONDS = 2


def task_place() -> str:
    """ASSISTANT_TASKS: where answers and titles are made, `request` or `celery`.

    Raises:
        ImproperlyConfigured: It is neither, or workers could not reach the pages.
    """
    place = environment.text("ASSISTANT_TASKS") or TASK_PLACES[0]
    if place not in TASK_PLACES:
        raise ImproperlyConfigured(f"ASSISTANT_TASKS={place!r} is none of {', '.join(TASK_PLACES)}")
    if place == "celery":
        backend = channel_layers()["default"]["BACKEND"]
        if "inmemory" in backend.lower():
            raise ImproperlyConfigured(
                f"ASSISTANT_TASKS=celery needs a channel layer that workers share with the server, and {backend} "
                "stays within one process. Set REDIS_URL, for instance REDIS_URL=redis://127.0.0.1:6379/0"
            )
    return place


def broker_url() -> str:
    """CELERY_BROKER_URL, else the Redis of the channel layer.

    Raises:
        ImproperlyConfigured: It is no URL of a broker.
    """
    schemes = (*REDIS_SCHEMES, "amqp", "amqps")
    return environment.url("CELERY_BROKER_URL", schemes=schemes) or redis_url() or DEFAULT_REDIS_URL


def broker_options() -> dict[str, Any]:
    """Whoever posts a question does not wait for a broker that is gone: one attempt, of BROKER_SECONDS at most."""
    once = {"max_retries": 0, "interval_start": 0}
    if broker_url().startswith("amqp"):
        return once
    return {**once, "socket_connect_timeout": BROKER_SECONDS, "socket_timeout": BROKER_SECONDS}


def channel_layers() -> dict[str, Any]:
    """The in-process layer, or a Redis layer where a Redis is given; CHANNEL_LAYER_BACKEND names another.

    Raises:
        ImproperlyConfigured: The class does not exist, or the address of Redis is wrong.
    """
    given_url = redis_url()
    chosen = environment.text("CHANNEL_LAYER_BACKEND")
    backend = chosen or (REDIS_LAYER if given_url else IN_PROCESS_LAYER)
    try:
        import_string(backend)
    except ImportError as error:
        if chosen:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYER_BACKEND={chosen!r} cannot be imported: {error}. Example: "
                "CHANNEL_LAYER_BACKEND=channels_redis.core.RedisChannelLayer"
            ) from error
        raise ImproperlyConfigured(
            f"{backend} cannot be imported: {error}. Build the package first: make build"
        ) from error
    layer: dict[str, Any] = {"BACKEND": backend}
    url = given_url or DEFAULT_REDIS_URL
    if backend.startswith("channels_redis."):
        # redis-py 8 gives up a read after 5 seconds, the time for which channels_redis waits for
        # a message: without this, idle connections are cut off.
        layer["CONFIG"] = {"hosts": [{"address": url, "socket_timeout": None}]}
    elif "redis" in backend.lower():
        layer["CONFIG"] = {"hosts": [url]}
    return {"default": layer}


class Model:
    """The language model's address: OpenAI, a compatible server, or the bundled offline one."""

    def __init__(self) -> None:
        self.server_urls = ai_chat.server_urls()
        self.server_url = self.server_urls[0]
        offline_url = f"{self.server_url}/v1"
        key = environment.secret("OPENAI_API_KEY")
        base_url = environment.url("OPENAI_BASE_URL", schemes=("http", "https"))
        self.organization = environment.secret("OPENAI_ORG")
        # A child process (runserver's reloader, uvicorn) inherits what export() wrote.
        self.offline = base_url == offline_url or not (key or base_url)
        self.base_url = offline_url if self.offline else base_url
        self.api_key = key if key and not self.offline else "not-needed"
        self.name = environment.text("OPENAI_MODEL") or "gpt-4o"

    def export(self) -> None:
        """Writes the address to the environment, which ChatOpenAI reads when it is given none."""
        if self.base_url:
            os.environ["OPENAI_BASE_URL"] = self.base_url
        else:
            os.environ.pop("OPENAI_BASE_URL", None)
