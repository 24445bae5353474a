"""Models of the chat."""

from chat.models.chat_invitation import ChatInvitation
from chat.models.chat_member import ChatMember
from chat.models.chat_message import ChatMessage
from chat.models.chat_presence import ChatPresence
from chat.models.group_chat import GroupChat

__all__ = ["ChatInvitation", "ChatMember", "ChatMessage", "ChatPresence", "GroupChat"]
