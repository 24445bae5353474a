"""The AsyncAPI document of the project over HTTP, and the page that shows it."""

from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_vary_headers
from django.views import View

from chanx.asyncapi.docs import (
    DEFAULT_DOCS_CSS_URL,
    DEFAULT_DOCS_JS_URL,
    docs_asset,
    docs_assets,
    schema_script_json,
)
from chanx.asyncapi.generator import AsyncAPIGenerator
from chanx.asyncapi.yaml import to_yaml
from chanx.channels.discovery import DjangoRouteDiscovery, get_websocket_routes
from chanx.channels.settings import chanx_settings
from chanx.utils.logging import logger

_YAML_TYPES = ("application/yaml", "application/x-yaml", "application/vnd.yaml", "text/yaml")
_JSON_TYPES = ("application/json", "application/vnd.aai.asyncapi+json")


def generate_asyncapi_schema(request: HttpRequest) -> dict[str, Any]:
    """Make the AsyncAPI document of the project.

    Args:
        request: Its host and scheme are the server's, unless settings name others.

    Returns:
        The document.
    """
    base_url = DjangoRouteDiscovery().get_base_url(request)
    scheme, separator, host = base_url.partition("://")
    return AsyncAPIGenerator(
        routes=get_websocket_routes(request),
        title=chanx_settings.ASYNCAPI_TITLE,
        version=chanx_settings.ASYNCAPI_VERSION,
        description=chanx_settings.ASYNCAPI_DESCRIPTION,
        server_url=chanx_settings.ASYNCAPI_SERVER_URL or (host if separator else base_url),
        server_protocol=chanx_settings.ASYNCAPI_SERVER_PROTOCOL or (scheme if separator else "ws"),
        camelize=bool(chanx_settings.CAMELIZE),
        servers=chanx_settings.ASYNCAPI_SERVERS,
        security_schemes=chanx_settings.ASYNCAPI_SECURITY_SCHEMES,
    ).generate()


class AsyncAPISchemaView(View):
    """The document as JSON, or as YAML by ``?format=yaml`` or the ``Accept`` header."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the document.

        An unknown format is refused with status 400; a document that cannot be made with 500 and
        the reason.
        """
        wanted = request.GET.get("format")
        if wanted not in (None, "json", "yaml"):
            return JsonResponse({"error": f"Unknown format {wanted!r}: json or yaml"}, status=400)
        try:
            document = generate_asyncapi_schema(request)
        except Exception as error:
            logger.exception("The AsyncAPI document cannot be made")
            return JsonResponse({"error": f"Failed to generate schema: {error}"}, status=500)
        response: HttpResponse
        if (wanted or _accepted_format(request)) == "yaml":
            response = HttpResponse(to_yaml(document), content_type="application/yaml; charset=utf-8")
        else:
            response = JsonResponse(document, json_dumps_params={"indent": 2})
        patch_vary_headers(response, ["Accept"])
        return response


def _accepted_format(request: HttpRequest) -> str:
    """YAML where the client asks for it and does not prefer JSON."""
    best = request.get_preferred_type([*_JSON_TYPES, *_YAML_TYPES])
    return "yaml" if best in _YAML_TYPES else "json"


class AsyncAPIDocsView(View):
    """The page that shows the document; the view sends the page's script and styles as well.

    So it works wherever it is mounted, without ``collectstatic`` and without other servers.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page, or with one of its files for ``?asset=``."""
        if "asset" in request.GET:
            return self._asset(request, request.GET["asset"])
        assets = docs_assets(
            chanx_settings.ASYNCAPI_DOCS_JS_URL,
            chanx_settings.ASYNCAPI_DOCS_CSS_URL,
            chanx_settings.ASYNCAPI_DOCS_JS_INTEGRITY,
            chanx_settings.ASYNCAPI_DOCS_CSS_INTEGRITY,
        )
        context: dict[str, Any] = {
            **assets,
            "custom_script": assets["js_url"] != DEFAULT_DOCS_JS_URL,
            "title": chanx_settings.ASYNCAPI_TITLE,
            "schema_url": _schema_url(request),
        }
        for key, default in (("js_url", DEFAULT_DOCS_JS_URL), ("css_url", DEFAULT_DOCS_CSS_URL)):
            found = docs_asset(default.rpartition("=")[2]) if context[key] == default else None
            if found is not None:
                context[key] = f"{default}&v={found[2]}"
        try:
            context["schema_json"] = schema_script_json(generate_asyncapi_schema(request))
        except Exception as error:
            logger.exception("The AsyncAPI document cannot be made")
            context["error"] = str(error)
        status = 500 if "error" in context else 200
        return render(request, "channels/asyncapi_docs.html", context, status=status)

    def _asset(self, request: HttpRequest, name: str) -> HttpResponse:
        found = docs_asset(name)
        if found is None:
            raise Http404(f"The documentation page has no file {name!r}")
        content, content_type, tag = found
        response: HttpResponse
        if request.headers.get("If-None-Match") == f'"{tag}"':
            response = HttpResponseNotModified()
        else:
            response = HttpResponse(content, content_type=content_type)
        response["ETag"] = f'"{tag}"'
        # The page asks for the tag in the URL: whatever has it never changes.
        fresh = request.GET.get("v") == tag
        response["Cache-Control"] = "public, max-age=31536000, immutable" if fresh else "no-cache"
        return response


def _schema_url(request: HttpRequest) -> str | None:
    """Where the document is served, for the links on the page; None when it is not."""
    namespaces = request.resolver_match.namespaces if request.resolver_match else []
    try:
        return reverse(":".join([*namespaces, "asyncapi_schema"]))
    except NoReverseMatch:
        return None


class AsyncAPIIndexView(View):
    """Sends browsers to the page and other clients to the document."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect by the ``Accept`` header."""
        wants_page = "text/html" in request.headers.get("Accept", "")
        query = request.META.get("QUERY_STRING", "")
        base = request.path if request.path.endswith("/") else f"{request.path}/"
        target = base + ("docs/" if wants_page else "schema/")
        response = HttpResponseRedirect(f"{target}?{query}" if query else target)
        patch_vary_headers(response, ["Accept"])
        return response
