"""The small objects of an AsyncAPI document: servers, parameters, texts, messages."""

import inspect
from typing import Any, Final
from urllib.parse import urlsplit

_LOCAL_HOSTS: Final = {"localhost", "127.0.0.1", "0.0.0.0", "::1"}

_CONVERTERS: Final = {
    "str": "text without a slash",
    "int": "a whole number from 0",
    "slug": "letters, digits, hyphens and underscores",
    "uuid": "a UUID in lower case",
    "path": "text, slashes included",
    "float": "a number",
}


def server_object(url: str, protocol: str) -> tuple[str, dict[str, Any]]:
    """Describe a server.

    Args:
        url: Host and port; a scheme before them wins over ``protocol``, a path becomes ``pathname``.
        protocol: ``ws`` or ``wss``.

    Returns:
        Key (``development`` for hosts of this machine, else ``production``) and server object.
    """
    parts = urlsplit(url if "://" in url else f"//{url}")
    server: dict[str, Any] = {"host": parts.netloc or url, "protocol": parts.scheme or protocol}
    if parts.path.strip("/"):
        server["pathname"] = parts.path
    local = parts.hostname in _LOCAL_HOSTS
    return ("development" if local else "production"), server


def parameter_object(name: str, kind: str) -> dict[str, str]:
    """Describe a parameter of a path by its converter or regular expression."""
    if kind in _CONVERTERS:
        return {"description": f"Path parameter `{name}` ({kind}): {_CONVERTERS[kind]}"}
    return {"description": f"Path parameter `{name}` (regex: {kind})"}


def tag_objects(tags: list[str] | None) -> dict[str, list[dict[str, str]]]:
    """The entry ``tags`` of an object; nothing without tags."""
    return {"tags": [{"name": tag} for tag in tags]} if tags else {}


def doc_of(documented: Any) -> str:
    """The docstring of a class or function itself, without its indentation."""
    text = vars(documented).get("__doc__") if isinstance(documented, type) else documented.__doc__
    return inspect.cleandoc(text) if text else ""


def summary_and_description(doc: str) -> tuple[str, str]:
    """Split a docstring into its first paragraph, in one line, and what follows."""
    first, _, rest = doc.partition("\n\n")
    return " ".join(first.split()), rest.strip()


def message_object(model: type[Any], payload: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a message beyond its payload.

    Args:
        model: The message type.
        payload: The reference to its schema.
        schema: The schema itself.
    """
    # A flat message is routed by a field of any name: the one that has its value as a constant.
    constants = (schema.get("properties", {}).get(name, {}).get("const") for name in model.model_fields)
    action = (
        model.model_fields["action"].default
        if "action" in model.model_fields
        else next((value for value in constants if value is not None), None)
    )
    summary, _ = summary_and_description(doc_of(model))
    message: dict[str, Any] = {"title": schema.get("title", model.__name__)}
    if isinstance(action, str):
        message["name"] = action
    if summary:
        message["summary"] = summary
    message["payload"] = payload
    examples: list[Any] = schema.get("examples") or []
    if examples and all(isinstance(example, dict) for example in examples):
        message["examples"] = [{"payload": example} for example in examples]
    return message
