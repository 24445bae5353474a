"""Titles of conversations: the subject of their first question, without the words around it."""

import re
from collections.abc import Sequence

from llm_server.protocol import ChatMessage

MAX_WORDS = 6

_ASKED_FOR = re.compile(r"^\W*(write|give|make|generate|create|suggest|find)\b[^.]{0,40}\btitle\b", re.I)
# What may stand before the subject, again and again: politeness, who asks, how it is asked.
_LEAD = re.compile(
    r"^(?:hello|hi|hey|good (?:morning|day|evening)|please|thanks?(?: you)?|so|and|well|ok(?:ay)?|"
    r"(?:can|could|would|will) (?:you|we|i)|i (?:would like|want|need|am trying|try) to|i have|i am|i'm|"
    r"tell me|show me|give me|help me(?: to)?|let me|explain|describe|define|know|understand|"
    r"what(?:'s|\u2019s| is| are| was| were| does| do| kind of| about)?|"
    r"how(?: do| does| can| could| should| to| is| are)?|"
    r"why(?: do| does| is| are| can| should)?|when(?: do| does| is| are| should)?|where(?: do| does| is| are| can)?|"
    r"which|who(?: is| are| was)?|is there|are there|is it|do|does|did|is|are|should|a|an|the|me|i|we|you|about|"
    r"to me|my|please)\b[\s,:;!.\u2014-]*",
    re.I,
)
# A title that is cut short does not end with one of these.
_LINKS = frozenset(
    ("a", "an", "and", "are", "at", "by", "for", "from", "in", "is", "of", "on", "or", "per", "that", "the", "to",
     "which", "with")
)  # fmt: skip
_END = re.compile(r"[.?!:;\n]|\s[\u2014\u2013-]\s")


def is_asked_for(messages: Sequence[ChatMessage]) -> bool:
    """Whether the conversation's instruction asks for a title."""
    return any(
        message.role in ("system", "developer") and _ASKED_FOR.match(message.text) for message in messages
    )


def title(messages: Sequence[ChatMessage]) -> str:
    """Returns a title for the user's message: at most six words of its subject."""
    text = next((message.text for message in messages if message.role == "user"), "").strip()
    for sentence in filter(None, (part.strip() for part in _END.split(text[:2000]))):
        subject = sentence
        while (shorter := _LEAD.sub("", subject, count=1)) != subject:
            subject = shorter
        words = subject.strip(" \t\"'`,()[]").split()[:MAX_WORDS]
        while len(words) > 1 and words[-1].lower() in _LINKS:
            words.pop()
        if words:
            found = " ".join(words).rstrip(",(")
            return found[0].upper() + found[1:]
    return " ".join(text.split()[:MAX_WORDS]) or "New conversation"
