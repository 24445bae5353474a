"""Sends a notice to open pages."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from system.services.notices import NoticeRefused, layer_group, send_notice
from system.services.relay import RelayFailed, layer_is_shared, post


class Command(BaseCommand):
    """`manage.py notify (--user NAME | --group NAME | --all) TEXT`."""

    help = "Sends a notice to the open pages of one user, of a group or of everyone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declares the audience, the text and the server."""
        audience = parser.add_mutually_exclusive_group(required=True)
        audience.add_argument("--user", metavar="NAME", help="to one user's open pages")
        audience.add_argument(
            "--group", metavar="NAME", help="to a chat room, and to whoever follows the group"
        )
        audience.add_argument("--all", action="store_true", help="to every open page")
        parser.add_argument("--sender", default="the server", help="shown as its sender")
        parser.add_argument(
            "--server",
            default=f"http://127.0.0.1:{settings.PORT}",
            help="address of the running server; used with an in-process layer only (default: %(default)s)",
        )
        parser.add_argument("text", metavar="TEXT")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sends through the layer if other processes share it, else through the server."""
        audience, target = self._audience(options)
        notice = {
            "audience": audience,
            "target": target,
            "text": options["text"],
            "sender": options["sender"],
        }
        try:
            layer_group(audience, target)  # A wrong name is told even if no server runs.
            if layer_is_shared():
                send_notice(**notice)
            else:
                post(options["server"], notice)
        except (NoticeRefused, RelayFailed) as error:
            raise CommandError(str(error)) from error
        whom = "everyone" if audience == "all" else f"{audience} {target}"
        self.stdout.write(self.style.SUCCESS(f"Sent to {whom}."))

    def _audience(self, options: dict[str, Any]) -> tuple[str, str | None]:
        if options["all"]:
            return "all", None
        if options["user"] is not None:
            return "user", options["user"]
        return "group", options["group"]
