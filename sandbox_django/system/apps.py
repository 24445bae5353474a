"""The system app."""

from django.apps import AppConfig


class SystemConfig(AppConfig):
    """Names the app."""

    name = "system"
