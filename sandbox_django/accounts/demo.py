"""The demo accounts of development, and what they have done so far."""

from dataclasses import dataclass

DEMO_PASSWORD = "demo"


@dataclass(frozen=True)
class DemoLogin:
    """One demo account."""

    username: str
    about: str
    is_admin: bool = False


DEMO_LOGINS = (
    DemoLogin("alice", "a user"),
    DemoLogin("bob", "another user"),
    DemoLogin("admin", "staff: sends notices and opens the admin", is_admin=True),
)


@dataclass(frozen=True)
class DemoGroup:
    """A group of the chat: user names to roles, invited user names, who said what."""

    title: str
    members: dict[str, str]
    lines: tuple[tuple[str, str], ...]
    invited: tuple[str, ...] = ()
    is_public: bool = False


DEMO_GROUPS = (
    DemoGroup(
        "Team lunch",
        {"alice": "owner", "bob": "admin"},
        (
            ("alice", "Welcome, Bob."),
            ("bob", "Hello Alice. The noodle place at noon?"),
            ("alice", "Noon it is."),
            ("bob", "I book a table for three."),
        ),
        invited=("admin",),
    ),
    DemoGroup(
        "Book club",
        {"bob": "owner", "admin": "member"},
        (("bob", "Everyone is welcome here: this group is open."), ("admin", "What do we read first?")),
        is_public=True,
    ),
)


@dataclass(frozen=True)
class DemoTopic:
    """A topic of the discussion: its replies, which of them was accepted, who voted for it."""

    author: str
    title: str
    body: str
    replies: tuple[tuple[str, str], ...] = ()
    accepted: int | None = None
    votes: tuple[str, ...] = ()


DEMO_TOPICS = (
    DemoTopic(
        "bob",
        "Which channel layer in production?",
        "We run four processes behind one proxy. Is the in-process layer enough?",
        (
            ("admin", "No: it reaches the connections of its own process only."),
            ("alice", "Set REDIS_URL, and the Redis layer carries messages between all four."),
        ),
        accepted=1,
        votes=("alice", "admin"),
    ),
    DemoTopic(
        "alice",
        "Tea or coffee for the long afternoon?",
        "The machine takes one kind only. Vote with the arrows, argue below.",
        (("bob", "Coffee, of course."), ("admin", "Tea. It is cheaper, and it is quieter.")),
        votes=("bob",),
    ),
    DemoTopic("admin", "Ideas for the next release", "One reply for each idea, please."),
)
