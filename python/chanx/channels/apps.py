"""The Django application."""

from django.apps import AppConfig


class ChanxChannelsConfig(AppConfig):
    """``"chanx.channels"`` in INSTALLED_APPS."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "chanx.channels"
    label = "chanx_channels"

    def ready(self) -> None:
        """Start following the ``CHANX`` setting, and register the system checks."""
        from chanx.channels.checks import register_checks
        from chanx.channels.settings import follow_setting  # settings are readable from here on
        from chanx.core.config import config

        follow_setting()
        config.load()  # a mistake fails here rather than in the first connection
        register_checks()
