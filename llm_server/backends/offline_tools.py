"""When the offline model calls a tool, and what it makes of the result: by pattern, always the same."""

import json
import re
from collections.abc import Sequence

from llm_server.protocol import ChatMessage, FunctionCall, ToolCall

_TIME = re.compile(
    r"\b(what(?:'s| is)? (?:the )?(?:current )?(?:time|date|day)\b|what (?:time|day|date) is it|"
    r"(?:current|local) (?:time|date)|today's date|what day is (?:it|today))",
    re.I,
)
_SEARCH = re.compile(
    r"\b(?:search|look (?:in|through)|find in) (?:my |our )?(?:earlier |other |old |previous )?"
    r"(?:chats?|conversations?|sessions?) (?:for|about) (?P<query>.+)|"
    r"\bwhat did (?:we|i) (?:say|write|ask|discuss)(?: about)? (?P<topic>.+?) "
    r"in (?:my |our |an? )?(?:earlier|other|old|previous)\b",
    re.I | re.S,
)


def call_for(messages: Sequence[ChatMessage], tools: Sequence[str]) -> ToolCall | None:
    """Returns the tool that the last question needs, if it may be called."""
    last = messages[-1]
    if last.role != "user":
        return None
    if "clock" in tools and _TIME.search(last.text):
        return _call("clock", {})
    if "search_chats" in tools and (found := _SEARCH.search(last.text)):
        query = (found["query"] or found["topic"]).strip(" \t\n?.!\"'“”")
        return _call("search_chats", {"query": query})
    return None


def answer_from(messages: Sequence[ChatMessage]) -> str | None:
    """Returns the answer that the results of tools make, if the last messages are such."""
    results: list[str] = []
    for message in reversed(messages):
        if message.role == "tool":
            results.append(message.text)
            continue
        if not results or not message.tool_calls:
            return None
        names = [call.function.name for call in message.tool_calls]
        return "\n\n".join(
            _sentence(name, text) for name, text in zip(names, reversed(results), strict=False)
        )
    return None


def _call(name: str, arguments: dict[str, str]) -> ToolCall:
    return ToolCall(id=f"call_{name}", function=FunctionCall(name=name, arguments=json.dumps(arguments)))


def _sentence(name: str, result: str) -> str:
    if name == "clock":
        return f"It is {result}."
    if name == "search_chats" and result.startswith("-"):
        return f"This is what I found in your earlier chats:\n\n{result}"
    return result
