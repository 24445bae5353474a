"""The ASGI application: HTTP through Django, WebSockets through Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

from django.core.asgi import get_asgi_application

# Loads the apps; what follows imports models.
django_asgi_app = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from chanx.channels.routing import include
from config.origins import BrowserOriginValidator

application = ProtocolTypeRouter(
    {
        "http": django_asgi_app,
        # Cookies, then the session, then its user: what AuthMiddlewareStack puts in the scope.
        "websocket": BrowserOriginValidator(
            AuthMiddlewareStack(include("config.routing")),
            ["*"]
            if settings.WEBSOCKET_ALLOW_ALL_ORIGINS
            else settings.CORS_ALLOWED_ORIGINS + settings.CSRF_TRUSTED_ORIGINS,
        ),
    }
)
