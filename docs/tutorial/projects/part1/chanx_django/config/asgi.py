import os
from urllib.parse import ParseResult

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

from django.core.asgi import get_asgi_application

django_asgi_app = get_asgi_application()  # loads the apps, so it comes before the imports below

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from channels.security.websocket import OriginValidator
from chanx.channels.routing import include
from django.conf import settings


class OwnPages(OriginValidator):
    """Refuses the pages of other sites; clients that are no browsers send no origin and may connect."""

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        return parsed_origin is None or super().valid_origin(parsed_origin)


application = ProtocolTypeRouter(
    {
        "http": django_asgi_app,
        "websocket": OwnPages(AuthMiddlewareStack(include("config.routing")), settings.ALLOWED_HOSTS),
    }
)
