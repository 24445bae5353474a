"""The environment, read once: `.env` files, comments and placeholders taken away, mistakes named.

A variable set in the process's environment wins over the same one in a `.env` file.
"""

import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SANDBOX_DIR = Path(__file__).resolve().parents[2]
PROJECT_DIR = SANDBOX_DIR.parent

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$")
_INLINE_COMMENT = re.compile(r"(^|\s+)#.*$")
_PLACEHOLDER = re.compile(r"^<?your[-_]", re.IGNORECASE)


def _unquoted(value: str) -> str:
    """The value of a `.env` line: quotes removed, or else an inline comment removed."""
    value = value.strip()
    if value[:1] in ('"', "'"):
        end = value.find(value[0], 1)
        if end > 0:
            return value[1:end]
    return _INLINE_COMMENT.sub("", value).strip()


def read_env_file(path: Path) -> dict[str, str]:
    """The assignments of a `.env` file, which need not exist."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        if match := _LINE.match(line):
            found[match[1]] = _unquoted(match[2])
    return found


def load() -> environ.Env:
    """Reads `.env` of the sandbox and of the project into the environment.

    Returns:
        The reader of typed values that the settings use.
    """
    for path in (SANDBOX_DIR / ".env", PROJECT_DIR / ".env"):
        for name, value in read_env_file(path).items():
            os.environ.setdefault(name, value)
    return environ.Env()


def text(name: str, default: str = "") -> str:
    """A string without surrounding space or inline comment."""
    return _INLINE_COMMENT.sub("", os.environ.get(name, default)).strip()


def secret(name: str) -> str:
    """A key, or nothing if the variable is empty or still holds the placeholder of an example."""
    value = text(name)
    return "" if _PLACEHOLDER.match(value) else value


def url(name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
    """A URL of one of the schemes, without a trailing slash.

    Raises:
        ImproperlyConfigured: It is none, with the variable's name and an example.
    """
    value = text(name, default).rstrip("/")
    return _checked_url(name, value, schemes) if value else ""


def urls(name: str, default: str = "", *, schemes: tuple[str, ...]) -> list[str]:
    """URLs separated by commas, each as `url` gives it; the default when none is set.

    Raises:
        ImproperlyConfigured: One is no URL of these schemes.
    """
    values = [part.strip().rstrip("/") for part in (text(name) or default).split(",")]
    return [_checked_url(name, value, schemes) for value in values if value]


def _checked_url(name: str, value: str, schemes: tuple[str, ...]) -> str:
    parts = urlsplit(value)
    try:
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if parts.scheme not in schemes or not (parts.netloc or parts.path) or not port_is_valid:
        raise ImproperlyConfigured(
            f"{name}={value!r} is no URL that the sandbox understands: it begins with "
            f"{' or '.join(scheme + '://' for scheme in schemes)}. "
            f"Example: {name}={_EXAMPLES.get(name, schemes[0] + '://127.0.0.1')}"
        )
    return value


_EXAMPLES = {
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/1",
    "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1",
    "LLM_SERVER_URL": "http://127.0.0.1:8001",
}


def port(name: str = "PORT", default: str = "8000") -> int:
    """A TCP port.

    Raises:
        ImproperlyConfigured: It is no number from 1 to 65535.
    """
    value = text(name) or default
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise ImproperlyConfigured(f"{name}={value!r} is no port: a number from 1 to 65535")
    return int(value)


def any_of(*names: str) -> bool:
    """Whether at least one of the variables says something."""
    return any(text(name) for name in names)


_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?|/[^\s:]+")


def host(name: str, default: str = "127.0.0.1") -> str:
    """A host's name or address, or the directory of a Unix socket.

    Raises:
        ImproperlyConfigured: It is none: a URL, or a host with its port.
    """
    value = text(name) or default
    is_address_with_port = value.count(":") == 1
    if is_address_with_port or not _HOST.fullmatch(value):
        raise ImproperlyConfigured(
            f"{name}={value!r} is no host: a name or an address without scheme and port. "
            f"Example: {name}=127.0.0.1"
        )
    return value.strip("[]")


def seconds(name: str, default: int) -> int:
    """A time in whole seconds, from one second to one day.

    Raises:
        ImproperlyConfigured: It is no such number.
    """
    value = text(name) or str(default)
    if not value.isdecimal() or not 1 <= int(value) <= 86_400:
        raise ImproperlyConfigured(f"{name}={value!r} is no number of seconds from 1 to 86400")
    return int(value)


def data_dir() -> Path:
    """Where the sandbox keeps what it writes: SANDBOX_DATA_DIR, or the sandbox's own directory.

    Raises:
        ImproperlyConfigured: The directory cannot be made.
    """
    path = Path(text("SANDBOX_DATA_DIR") or SANDBOX_DIR).expanduser().resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"SANDBOX_DATA_DIR={str(path)!r}: {error.strerror}") from error
    return path


def development_secret_key(directory: Path) -> str:
    """A key of this checkout alone, made at the first start and kept beside the database.

    `manage.py notify` signs with it what it posts to the server, so it must be no published one.
    """
    path = directory / ".secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise ImproperlyConfigured(f"{path} holds no key: delete it, or set DJANGO_SECRET_KEY")
    return key
