"""What every template knows."""

from django.http import HttpRequest

_NAV = (
    ("chat", "Chat"),
    ("discussion", "Discussion"),
    ("assistants", "Assistant"),
    ("ai-chat", "AI chat"),
    ("system", "Notices"),
    ("asyncapi_docs", "AsyncAPI"),
)


def navigation(request: HttpRequest) -> dict[str, object]:
    """The links of the page's head."""
    return {"nav": _NAV}
