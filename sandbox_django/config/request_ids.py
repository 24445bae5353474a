"""The id of a request, by which its lines in the log are found, goes out with its answer."""

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

HEADER = "X-Request-ID"


class RequestIdMiddleware(MiddlewareMixin):
    """Stands inside django_structlog's middleware, which makes the id."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def process_request(self, request: HttpRequest) -> None:
        """Keeps the id: by the time of the answer a view may have bound another."""
        request.log_id = structlog.contextvars.get_contextvars().get("request_id")  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Adds the header."""
        if request_id := getattr(request, "log_id", None):
            response.headers[HEADER] = request_id
        return response
