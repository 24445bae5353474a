"""Which of the LLM servers takes the next answer."""

import threading
import time

from django.conf import settings

from ai_chat.models import LanguageModel
from ai_chat.services.hub import hub

COOL_DOWN = 5.0
"""Seconds for which a server that failed is asked last."""


class Balancer:
    """Spreads answers over the servers: the least busy first, those that failed lately last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[str, float] = {}
        self._turn = 0

    def order(self, model: str) -> list[str]:
        """The servers in the order in which they should be tried.

        Args:
            model: Servers that offered it at the last synchronisation come first.
        """
        offering = LanguageModel.objects.filter(name=model).values_list("servers", flat=True).first() or []
        active = hub.load()
        with self._lock:
            self._turn += 1
            now, turn, urls = time.monotonic(), self._turn, list(settings.LLM_SERVER_URLS)

            def rank(position: int) -> tuple[bool, bool, int, int]:
                url = urls[position]
                cooling = now - self._failed.get(url, -COOL_DOWN) < COOL_DOWN
                load = active.get(url, 0)
                return cooling, bool(offering) and url not in offering, load, (position + turn) % len(urls)

            return [urls[position] for position in sorted(range(len(urls)), key=rank)]

    def worked(self, url: str) -> None:
        """The server took an answer."""
        with self._lock:
            self._failed.pop(url, None)

    def failed(self, url: str) -> None:
        """The server did not answer, or had no place."""
        with self._lock:
            self._failed[url] = time.monotonic()


balancer = Balancer()
