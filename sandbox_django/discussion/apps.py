"""The discussion app."""

from django.apps import AppConfig


class DiscussionConfig(AppConfig):
    """Names the app."""

    name = "discussion"
