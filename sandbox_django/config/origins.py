"""Where pages that open WebSockets may come from."""

from typing import Any

from channels.security.websocket import OriginValidator


class BrowserOriginValidator(OriginValidator):
    """Refuses pages of other sites; programs, which send no Origin, are let through.

    The check protects people whose browser would send their cookies along with another site's
    request. Browsers always name the origin of a WebSocket; a program has only cookies of its own.
    """

    def valid_origin(self, parsed_origin: Any) -> bool:
        """Whether the origin is absent or one of those allowed."""
        return parsed_origin is None or bool(super().valid_origin(parsed_origin))
