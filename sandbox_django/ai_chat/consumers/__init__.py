"""Consumers of the AI chat."""

from ai_chat.consumers.session_consumer import SessionConsumer
from ai_chat.consumers.sessions_consumer import SessionsConsumer

__all__ = ["SessionConsumer", "SessionsConsumer"]
