"""Getting an AsyncAPI document from a file or a URL."""

import json
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError
from urllib.request import Request, urlopen

_TIMEOUT = 30.0
_ACCEPT = "application/json, application/yaml;q=0.9, */*;q=0.1"


class SchemaError(Exception):
    """The document cannot be had, or is none that a client can be made of."""


def load_schema(source: str) -> dict[str, Any]:
    """Read a document.

    Args:
        source: A path, or a URL that begins with ``http://`` or ``https://``.

    Returns:
        The document.

    Raises:
        SchemaError: It cannot be read, or is no AsyncAPI 3 document; the message says which.
    """
    document = _parse(_read(source), source)
    version = document.get("asyncapi") if isinstance(document, dict) else None
    if not str(version).startswith("3."):
        raise SchemaError(f"{source} is no AsyncAPI 3 document (`asyncapi` is {version!r})")
    return cast("dict[str, Any]", document)


def _read(source: str) -> str:
    try:
        if source.startswith(("http://", "https://")):
            with urlopen(Request(source, headers={"Accept": _ACCEPT}), timeout=_TIMEOUT) as response:
                return cast(bytes, response.read()).decode()
        return Path(source).read_text(encoding="utf-8")
    except (OSError, URLError, UnicodeDecodeError) as error:
        raise SchemaError(f"{source} cannot be read: {error}") from error


def _parse(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as not_json:
        try:
            import yaml  # an optional dependency, needed for YAML alone
        except ImportError:
            raise SchemaError(
                f"{source} is not JSON ({not_json}); to read YAML install chanx-native[cli]"
            ) from None
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SchemaError(f"{source} is neither JSON nor YAML: {error}") from None
