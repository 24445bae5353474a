"""`manage.py publish TEXT ...`: headlines for everybody who watches the ticker."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Publishes headlines."""

    def add_arguments(self, parser):
        parser.add_argument("headlines", nargs="+")

    def handle(self, *args, headlines, **options):
        layer = get_channel_layer()
        for text in headlines:
            async_to_sync(layer.group_send)("ticker", {"type": "ticker.headline", "text": text})
