"""What the sandbox talks to, chosen by the environment: database, channel layer and model."""

import os
import warnings
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from config.settings import environment

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
IN_PROCESS_LAYER = "chanx.layers.InMemoryChannelLayer"
REDIS_LAYER = "chanx.layers.RedisChannelLayer"
REDIS_SCHEMES = ("redis", "rediss", "unix")


def databases(env: environ.Env, data_dir: Path) -> dict[str, Any]:
    """DATABASE_URL, else SQLite in the data directory.

    Raises:
        ImproperlyConfigured: DATABASE_URL names no database that Django knows.
    """
    value = environment.text("DATABASE_URL")
    if not value:
        config: dict[str, Any] = {
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


def channel_layers() -> dict[str, Any]:
    """The in-process layer, or a Redis layer with REDIS_URL; CHANNEL_LAYER_BACKEND names another.

    Raises:
        ImproperlyConfigured: The class does not exist, or REDIS_URL is no Redis URL.
    """
    redis_url = environment.url("REDIS_URL", schemes=REDIS_SCHEMES)
    chosen = environment.text("CHANNEL_LAYER_BACKEND")
    backend = chosen or (REDIS_LAYER if redis_url else IN_PROCESS_LAYER)
    try:
        import_string(backend)
    except ImportError as error:
        if chosen:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYER_BACKEND={chosen!r} cannot be imported: {error}. Example: "
                "CHANNEL_LAYER_BACKEND=channels_redis.core.RedisChannelLayer"
            ) from error
        if redis_url:
            raise ImproperlyConfigured(
                f"REDIS_URL is set, but this version of chanx has no {REDIS_LAYER} ({error}). "
                "Unset REDIS_URL to use the in-process layer, or set "
                "CHANNEL_LAYER_BACKEND=channels_redis.core.RedisChannelLayer"
            ) from error
        raise ImproperlyConfigured(
            f"{IN_PROCESS_LAYER} cannot be imported: {error}. Build the package first: make build"
        ) from error
    layer: dict[str, Any] = {"BACKEND": backend}
    url = redis_url or DEFAULT_REDIS_URL
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
        self.server_url = environment.url(
            "LLM_SERVER_URL", "http://127.0.0.1:8001", schemes=("http", "https")
        )
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
