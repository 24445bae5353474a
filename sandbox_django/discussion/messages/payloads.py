"""What frames and events of the discussion carry."""

from datetime import datetime
from typing import Annotated, Literal

from config.text import storable
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from discussion.models.post import MAX_BODY_LENGTH

Body = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY_LENGTH),
    AfterValidator(storable),
]
Author = Annotated[str | None, Field(description="User name; none if the account is gone")]


class TopicSummary(BaseModel):
    """A topic as lists show it."""

    id: int
    title: str
    author: Author
    created_at: datetime
    active_at: datetime = Field(description="When something last happened in it")
    reply_count: int
    score: int
    is_answered: bool = Field(description="Whether its author has accepted a reply")


class TopicPayload(TopicSummary):
    """A topic as its page shows it."""

    body: str
    edited_at: datetime | None
    accepted_reply_id: int | None


class TopicRef(BaseModel):
    """Which topic."""

    id: int


class ReplyPayload(BaseModel):
    """A reply."""

    id: int
    topic_id: int
    author: Author
    body: str
    created_at: datetime
    edited_at: datetime | None
    score: int


class ReplyRef(BaseModel):
    """Which reply of the topic."""

    id: int


class PostReplyPayload(BaseModel):
    """A reply to write."""

    body: Body


class CastVotePayload(BaseModel):
    """A vote to cast."""

    reply_id: int | None = Field(default=None, description="The reply; none for the topic itself")
    value: Literal[-1, 0, 1] = Field(description="Against, no vote any more, for")


class ScorePayload(BaseModel):
    """What the votes for a post amount to."""

    reply_id: int | None = Field(description="The reply; none for the topic itself")
    score: int


class CountedPayload(ScorePayload):
    """The same, with one's own vote."""

    my_vote: Literal[-1, 0, 1]


class AcceptPayload(BaseModel):
    """The answer that the topic's author accepts."""

    reply_id: int | None = Field(description="The reply; none to take the mark back")
