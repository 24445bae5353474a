"""The ai_chat app."""

from django.apps import AppConfig


class AiChatConfig(AppConfig):
    """Names the app."""

    name = "ai_chat"
    verbose_name = "AI chat"
