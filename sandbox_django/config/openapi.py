"""The OpenAPI document of the REST addresses, and the page that shows it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response


@cache
def document() -> dict[str, Any]:
    """The document, made once in a process: it takes seconds and is the same for everyone."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


class SchemaView(SpectacularAPIView):
    """The document; everyone may read it."""

    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The document as YAML or JSON."""
        return Response(document())


class SchemaPageView(SpectacularSwaggerSplitView):
    """The page; its script has an address of its own, which the security policy asks for."""

    permission_classes = [AllowAny]
