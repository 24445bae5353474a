"""Tools that this server offers to models while it writes answers on its own (see `answers`)."""

from datetime import UTC, datetime
from typing import Any

from llm_server.protocol import FunctionDefinition, ToolDefinition


def _definition(name: str, description: str, properties: dict[str, Any]) -> ToolDefinition:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return ToolDefinition(
        function=FunctionDefinition(name=name, description=description, parameters=parameters)
    )


TOOLS = {
    "clock": _definition("clock", "Returns the current date and time in UTC.", {}),
    "search_chats": _definition(
        "search_chats",
        "Searches the user's own earlier chats and returns excerpts.",
        {"query": {"type": "string", "description": "Words to look for"}},
    ),
}
REMOTE = frozenset({"search_chats"})
"""Tools that the client of the answer runs: it has the chats."""


def clock() -> str:
    """The time in words that a model can repeat."""
    return f"{datetime.now(UTC):%A, %d %B %Y, %H:%M} UTC"
