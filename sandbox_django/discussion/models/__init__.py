"""Models of the discussion."""

from discussion.models.reply import Reply
from discussion.models.topic import Topic
from discussion.models.vote import ReplyVote, TopicVote

__all__ = ["Reply", "ReplyVote", "Topic", "TopicVote"]
