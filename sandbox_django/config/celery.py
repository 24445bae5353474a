"""The queue of the workers: `celery --workdir sandbox_django -A config.celery worker --pool threads`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("sandbox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["assistants.tasks"], related_name="assistant_tasks")
# Lines of a worker carry the id of the request that asked for the task.
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _configure_logging(**_: Any) -> None:
    """Keeps Celery from taking the log over: Django's settings have configured it."""
