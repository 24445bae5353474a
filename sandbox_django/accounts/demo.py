"""The demo accounts of development."""

from dataclasses import dataclass

DEMO_PASSWORD = "demo"
DEMO_GROUP = "Team lunch"


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
