"""The assistants app."""

from django.apps import AppConfig


class AssistantsConfig(AppConfig):
    """Names the app."""

    name = "assistants"
