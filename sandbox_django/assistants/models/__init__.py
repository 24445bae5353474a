"""Models of the assistants app."""

from assistants.models.assistant_conversation import AssistantConversation
from assistants.models.assistant_message import AssistantMessage

__all__ = ["AssistantConversation", "AssistantMessage"]
