"""The project's ASGI application."""

from typing import Any

from channels.routing import ProtocolTypeRouter, get_default_application


def get_websocket_application() -> Any | None:
    """Find the application that serves WebSockets.

    Returns:
        What the ``ProtocolTypeRouter`` in the setting ``ASGI_APPLICATION`` has under
        ``"websocket"``; None when it has nothing there or the application is no such router.

    Raises:
        ImproperlyConfigured: The setting is missing or names something that cannot be imported.
    """
    application: Any = get_default_application()
    if isinstance(application, ProtocolTypeRouter):
        return application.application_mapping.get("websocket")
    return None
