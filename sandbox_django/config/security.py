"""Headers that limit what a page may do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

# Everything comes from this server; nothing frames the pages, and forms are sent nowhere else.
# Inline styles are Django's admin and the AsyncAPI page.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Sends both policies with every page, the first not with Django's own debugging pages."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Adds the headers unless a view set them."""
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if response.status_code != 500:
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
