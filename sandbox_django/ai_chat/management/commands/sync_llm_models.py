"""Asks the LLM servers for their models."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from ai_chat.services.catalog import Choice, sync_models
from ai_chat.services.errors import NoServerError


class Command(BaseCommand):
    """`manage.py sync_llm_models`."""

    help = "Keeps the models that the servers of LLM_SERVER_URL offer."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tells what was found, and which model answers."""
        try:
            result = sync_models()
        except NoServerError as error:
            servers = ", ".join(settings.LLM_SERVER_URLS)
            raise CommandError(
                f"no LLM server answers at {servers}. Start one: python llm_server/llm_server.py, "
                "or set LLM_SERVER_URL"
            ) from error
        for name in result["models"]:
            self.stdout.write(f"{name}{' (new)' if name in result['added'] else ''}")
        for name in result["deactivated"]:
            self.stdout.write(f"{name} (gone)")
        choice = Choice()
        self.stdout.write(f"{len(result['models'])} models; {choice.default} answers by default.")
        if notice := choice.notice():
            self.stdout.write(notice)
