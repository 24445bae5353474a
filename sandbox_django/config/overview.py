"""What this sandbox runs on, in words: for the first page and for the banner of `make sandbox`."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

_DATABASES = {"sqlite3": "SQLite", "postgresql": "PostgreSQL", "mysql": "MySQL", "oracle": "Oracle"}


@dataclass(frozen=True)
class Overview:
    """The running channel layer, database and model, without passwords."""

    layer: str
    database: str
    model: str

    def rows(self) -> list[tuple[str, str]]:
        """Names and values, in the order in which they are shown."""
        return [
            ("Channel layer", self.layer),
            ("Database", self.database),
            ("Model", self.model),
        ]


def without_password(url: str) -> str:
    """A URL with host, port and path only."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _layer() -> str:
    config: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = config.get("CONFIG", {}).get("hosts")
    backend = str(config["BACKEND"])
    if not hosts:
        return f"{backend} (in this process)"
    addresses = [host["address"] if isinstance(host, dict) else host for host in hosts]
    return f"{backend} at {', '.join(map(without_password, addresses))}"


def _database() -> str:
    config: dict[str, Any] = settings.DATABASES["default"]
    engine = str(config["ENGINE"]).rpartition(".")[2]
    name = _DATABASES.get(engine, engine)
    where = f" at {config['HOST']}:{config.get('PORT') or 5432}" if config.get("HOST") else ""
    return f"{name}, {config['NAME']}{where}"


def _model() -> str:
    if settings.OFFLINE_MODEL:
        return f"offline model at {settings.OPENAI_BASE_URL}, which quotes this project's documents"
    where = without_password(settings.OPENAI_BASE_URL) if settings.OPENAI_BASE_URL else "OpenAI"
    return f"{settings.OPENAI_MODEL} at {where}"


def overview() -> Overview:
    """Reads the settings."""
    return Overview(layer=_layer(), database=_database(), model=_model())
