"""The ASGI application: HTTP through Django, WebSockets through Channels."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

from django.core.asgi import get_asgi_application

# Loads the apps; what follows imports models.
django_asgi_app = get_asgi_application()

from accounts.websocket import TokenMiddleware
from ai_chat.scope import QueryTokenFilter
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.conf import settings

from chanx.channels.routing import include
from config.body_limit import BodyLimitMiddleware
from config.connection_log import ConnectionLogMiddleware
from config.origins import BrowserOriginValidator

application = ProtocolTypeRouter(
    {
        "http": BodyLimitMiddleware(QueryTokenFilter(django_asgi_app), settings.MAX_BODY_BYTES),
        # AuthMiddlewareStack puts cookies, the session and its user in the scope, TokenMiddleware the user of a token.
        "websocket": QueryTokenFilter(
            ConnectionLogMiddleware(
                BrowserOriginValidator(
                    AuthMiddlewareStack(TokenMiddleware(include("config.routing"))),
                    ["*"]
                    if settings.WEBSOCKET_ALLOW_ALL_ORIGINS
                    else settings.CORS_ALLOWED_ORIGINS + settings.CSRF_TRUSTED_ORIGINS,
                )
            )
        ),
    }
)
