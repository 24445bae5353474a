"""Models of the AI chat."""

from ai_chat.models.language_model import LanguageModel, Preference
from ai_chat.models.message import Message
from ai_chat.models.preset import Preset
from ai_chat.models.session import ChatSession

__all__ = ["ChatSession", "LanguageModel", "Message", "Preference", "Preset"]
