"""How many WebSockets of the AI chat this process serves."""

import threading
from collections import Counter

from django.conf import settings


class Places:
    """Places for connections, in all and per user."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all = 0
        self._users: Counter[object] = Counter()

    def enter(self) -> str:
        """Takes one of MAX_WEBSOCKETS places.

        Returns:
            Nothing, or why there is none.
        """
        with self._lock:
            if self._all >= settings.MAX_WEBSOCKETS:
                return f"The server has its {settings.MAX_WEBSOCKETS} connections. Try again later."
            self._all += 1
        return ""

    def leave(self) -> None:
        """Gives it back."""
        with self._lock:
            self._all -= 1

    def enter_user(self, user: object) -> str:
        """Takes one of the user's MAX_WEBSOCKETS_PER_USER places.

        Returns:
            Nothing, or why there is none.
        """
        with self._lock:
            if self._users[user] >= settings.MAX_WEBSOCKETS_PER_USER:
                limit = settings.MAX_WEBSOCKETS_PER_USER
                return f"You have {limit} connections, the most that are allowed: close a window."
            self._users[user] += 1
        return ""

    def leave_user(self, user: object) -> None:
        """Gives it back."""
        with self._lock:
            self._users[user] -= 1
            if self._users[user] <= 0:
                del self._users[user]


places = Places()
