"""Reading a conversation: what is asked now, what it refers to, and what is only politeness."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from llm_server.protocol import ChatMessage
from llm_server.retrieval import terms

QUESTION_CHARACTERS = 4000  # more than that of one message is not searched for
REMEMBERED_TURNS = 20

Talk = Literal["greeting", "thanks", "farewell", "identity", "help", "recall"]

# Words that carry no subject, as they are after stemming.
_STOP = frozenset(
    terms(
        "a about am an and any are as at be been but by can could define describe did do does "
        "doing each else explain find for from get give got had has have hello help hey hi how i "
        "if in into is it its just know let like may me mean means might mine must my need no not "
        "now of off ok on one only or our out please quick say shall she should show some so tell "
        "than thanks that the their them then there these they thing things think this those through to "
        "too up us very want was way we well were what whats when where which who whom whose why "
        "will with work works would yes you your s m re ve ll d t"
    )
)
_CODE_WORDS = frozenset(terms("example examples code sample snippet demo demonstrate"))
_MORE_WORDS = frozenset(
    terms(
        "more another further detail details elaborate continue again longer deeper same simpler shorter next"
    )
)
_POINTING = re.compile(r"\b(it|its|that|this|they|them|those|these|one)\b", re.I)
_CARRIED_ON = re.compile(r"^\s*(and|but|so|then|also|what about|how about)\b", re.I)
_PERSONAL = re.compile(
    r"\b(my (\w+ )?\w+ (is|are)|i am|i'm|i (like|love|live|have|own|prefer|work)|call me|"
    r"remember)\b",
    re.I,
)
_FIRST_PERSON = re.compile(r"\b(my|mine|i|me|we|our)\b", re.I)
_QUESTION = re.compile(
    r"^\s*(what|who|whom|whose|where|when|why|which|how|is|are|was|do|does|did|can|could|will|would|should|may|tell|"
    r"show|give|explain|describe|define|list|write|find|help|summari[sz]e)\b",
    re.I,
)
_DEFINITION = re.compile(
    r"^\W*(?:(?:so|and|please|can you|could you)\s+)*"
    r"(?:what(?:['\u2019]s|\s+is|\s+are|\s+was|\s+were)|who\s+(?:is|was|are)|define|"
    r"(?:explain|describe)(?: to me)?(?: what)?|tell me about|what do(?:es)?|(?:what|how) about)\s+"
    r"(?:an?\s+|the\s+)?(?P<subject>.+?)(?:\s+(?:is|are|means?))?\W*$",
    re.I | re.S,
)
_OPENING = re.compile(
    r"^\W*(hello|hi|hiya|hey|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?:\s+(there|again|all|everyone))?\b[\s,.!]*",
    re.I,
)
_TALK: tuple[tuple[Talk, re.Pattern[str]], ...] = (
    ("thanks", re.compile(r"^(many )?(thanks|thank you|thx|cheers)\b[^?]{0,40}$", re.I)),
    ("farewell", re.compile(r"^(good ?bye|bye|see you|farewell|good night)\b[^?]{0,20}$", re.I)),
    (
        "identity",
        re.compile(
            r"^(who|what) are you\b.{0,20}$|^what('s| is) your name|^introduce yourself|"
            r"^who (made|created|wrote|built|trained) you\b|"
            r"^are you (an? )?(ai|bot|human|robot|real|chat ?gpt|gpt|llm|openai|offline|claude)\b|"
            r"^(which|what) (language )?model (are you|is this|do you use)",
            re.I,
        ),
    ),
    (
        "help",
        re.compile(
            r"^help( me)?\W*$|^what do you know\b|^how (does this|do you) work\W*$|"
            r"^(what|how) can (you|i) (do|help|ask|use)( you| me| here)?\b.{0,25}$",
            re.I,
        ),
    ),
    (
        "recall",
        re.compile(
            r"what (did|have) i (just |already |first )?(ask|asked|say|said|tell|told)\b|"
            r"what (was|were) my (\w+ )?(question|message)s?\b|what did we talk about|"
            r"summari[sz]e (our|this|the) (conversation|chat)",
            re.I,
        ),
    ),
)


def content_terms(text: str) -> list[str]:
    """Returns the terms of a text that carry its subject."""
    found = terms(text[:QUESTION_CHARACTERS])
    return [term for term in found if term not in _STOP and not term.isdecimal()]


@dataclass(frozen=True, slots=True)
class Question:
    """The last message of the user, in the light of the earlier ones."""

    text: str
    earlier: tuple[str, ...]
    """The user's messages before it, oldest first."""
    quoted: str
    """What the assistant has said so far."""
    talk: Talk | None
    query: dict[str, float]
    """Search terms and how much each matters."""
    subject: tuple[str, ...]
    """The terms of X in a question such as "what is X?"."""
    refers_to: str | None
    """The earlier message that a follow-up is about."""
    wants_code: bool
    wants_more: bool

    @property
    def is_statement(self) -> bool:
        """Whether it tells something instead of asking."""
        return "?" not in self.text and not _QUESTION.match(self.text)

    @property
    def is_about_speaker(self) -> bool:
        """Whether it may be about what the user has told."""
        return bool(_FIRST_PERSON.search(self.text))

    @property
    def is_personal(self) -> bool:
        """Whether it tells something of the speaker."""
        return self.is_statement and bool(_PERSONAL.search(self.text))

    def statements(self) -> list[str]:
        """Returns what the user has told so far, newest first."""
        return [turn for turn in reversed(self.earlier) if "?" not in turn and not _QUESTION.match(turn)]


def _is_dependent(text: str, content: Sequence[str]) -> bool:
    own = [term for term in content if term not in _CODE_WORDS | _MORE_WORDS]
    return not own or (len(own) <= 3 and bool(_POINTING.search(text) or _CARRIED_ON.match(text)))


def _talk(text: str) -> Talk | None:
    rest = _OPENING.sub("", text, count=1).strip()
    if not rest and text.strip():
        return "greeting"
    if len(rest) <= 120:
        for talk, pattern in _TALK:
            if pattern.search(rest):
                return talk
    if _OPENING.match(text) and not content_terms(rest):
        return "greeting"
    return None


def read_conversation(messages: Sequence[ChatMessage]) -> Question:
    """Returns the question that a conversation ends with."""
    turns = [message.text for message in messages if message.role == "user" and message.text.strip()]
    text = turns[-1].strip() if turns else ""
    earlier = tuple(turns[:-1][-REMEMBERED_TURNS:])
    said = [message.text for message in messages if message.role == "assistant"][-REMEMBERED_TURNS:]

    talk = _talk(text)
    content = content_terms(text)
    marks = {*content}
    query = dict.fromkeys((term for term in content if term not in _CODE_WORDS | _MORE_WORDS), 1.0)
    refers_to = None
    if talk is None and _is_dependent(text, content):
        share = 0.7 if query else 1.0
        for turn in reversed(earlier):
            older = content_terms(turn)
            subject_of_turn = [term for term in older if term not in _CODE_WORDS | _MORE_WORDS]
            if not subject_of_turn or _talk(turn) is not None:
                continue
            refers_to = turn
            for term in subject_of_turn:
                query.setdefault(term, share)
            if not _is_dependent(turn, older):
                break
            share *= 0.7  # a follow-up itself: what it was about counts too
    if not query:
        query = dict.fromkeys(content, 1.0)

    definition = _DEFINITION.match(_OPENING.sub("", text[:QUESTION_CHARACTERS]))
    subject = tuple(dict.fromkeys(content_terms(definition["subject"]))) if definition else ()
    return Question(
        text=text,
        earlier=earlier,
        quoted="\n".join(said),
        talk=talk,
        query=query,
        subject=subject,
        refers_to=refers_to,
        wants_code=bool(marks & _CODE_WORDS),
        wants_more=bool(marks & _MORE_WORDS),
    )
