"""Tools that a model may use. The LLM server runs the clock; the search runs here, where the chats are."""

import json

from django.db.models import Q

from ai_chat.models import Message

TOOLS = {
    "clock": "Tells the current date and time.",
    "search_chats": "Searches your own earlier chats.",
}
MAX_HITS = 5
MAX_EXCERPT = 300


class UnknownToolError(Exception):
    """No tool of that name runs here."""


def run_tool(message_id: str, name: str, arguments: str) -> str:
    """Runs a tool for an answer, on behalf of the owner of its session.

    Args:
        message_id: The answer.
        name: The tool.
        arguments: JSON, as the model wrote it.

    Raises:
        UnknownToolError: There is no such tool here, or the session does not allow it.
        Message.DoesNotExist: There is no such answer.
    """
    answer = Message.objects.select_related("session").get(pk=message_id)
    if name != "search_chats" or name not in answer.session.tools:
        raise UnknownToolError(f"There is no tool {name!r} here.")
    try:
        query = str(json.loads(arguments or "{}")["query"])
    except (ValueError, KeyError, TypeError):
        return 'The arguments must be {"query": "words to look for"}.'
    return search_chats(answer, query)


def search_chats(answer: Message, query: str) -> str:
    """Finds messages of the same user in other sessions.

    Args:
        answer: The answer for which it is searched.
        query: Words that a message should contain; messages with more of them come first.
    """
    words = [word for word in query.lower().split() if len(word) > 1][:8]
    if not words:
        return "Nothing to look for."
    condition = Q()
    for word in words:
        condition |= Q(content__icontains=word)
    candidates = (
        Message.objects.filter(condition, session__user_id=answer.session.user_id, session__is_active=True)
        .exclude(session=answer.session)
        .select_related("session")
        .order_by("-created_at")[:200]
    )
    ranked = sorted(
        candidates, key=lambda found: -sum(word in found.content.lower() for word in words)
    )  # stable: the latest first among equals
    if not ranked:
        return f"No earlier chat mentions {query!r}."
    return "\n".join(
        f"- {found.created_at:%Y-%m-%d}, “{found.session}”, {found.role}: {_excerpt(found.content, words)}"
        for found in ranked[:MAX_HITS]
    )


def _excerpt(text: str, words: list[str]) -> str:
    flat = " ".join(text.split())
    lower = flat.lower()
    position = min((at for word in words if (at := lower.find(word)) >= 0), default=0)
    start = max(0, position - MAX_EXCERPT // 3)
    piece = flat[start : start + MAX_EXCERPT]
    return ("…" if start else "") + piece + ("…" if start + MAX_EXCERPT < len(flat) else "")
