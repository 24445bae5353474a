"""The assistants app."""

from django.apps import AppConfig


class AssistantsConfig(AppConfig):
    """Names the app."""

    name = "assistants"

    def ready(self) -> None:
        """Binds the tasks to the queue, where there is one."""
        from django.conf import settings

        if settings.ASSISTANT_TASKS == "celery":
            import config.celery  # noqa: F401  from now on it is the current app
