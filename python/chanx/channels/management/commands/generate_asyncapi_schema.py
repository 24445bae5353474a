"""``manage.py generate_asyncapi_schema``: the AsyncAPI document in a file or on the standard output."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from chanx.asyncapi.constants import DEFAULT_SERVER_PROTOCOL, DEFAULT_SERVER_URL
from chanx.asyncapi.generator import AsyncAPIGenerator
from chanx.asyncapi.yaml import to_yaml
from chanx.channels.discovery import DjangoRouteDiscovery
from chanx.channels.settings import chanx_settings
from chanx.routing.discovery import RouteDiscovery, RouteInfo

_DEFAULT_BASE_URL = f"{DEFAULT_SERVER_PROTOCOL}://{DEFAULT_SERVER_URL}"


class SchemaGenerationError(CommandError):
    """The document cannot be made or written."""


class Command(BaseCommand):
    """Writes the document of the project's WebSocket routes."""

    help = (
        "Write the AsyncAPI 3.0 document of this project's WebSocket routes, for documentation and "
        "code generators. For example: manage.py generate_asyncapi_schema --format yaml --file schema.yaml"
    )

    def add_arguments(self, parser: Any) -> None:
        """Declare the options."""
        parser.add_argument("--format", choices=["json", "yaml"], default="yaml", help="default: yaml")
        parser.add_argument("--file", type=Path, help="where to write; the standard output by default")
        parser.add_argument(
            "--base-url",
            help="scheme and host of the server, for example wss://example.com; by default what the "
            f"settings say, else {_DEFAULT_BASE_URL}",
        )
        parser.add_argument("--title", help="title of the document; CHANX['ASYNCAPI_TITLE']")
        parser.add_argument("--api-version", help="version of the document; CHANX['ASYNCAPI_VERSION']")
        parser.add_argument(
            "--description", help="description of the document; CHANX['ASYNCAPI_DESCRIPTION']"
        )
        parser.add_argument(
            "--discovery-class",
            help="dotted path of another subclass of chanx.routing.discovery.RouteDiscovery",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the document and write it.

        Raises:
            SchemaGenerationError: It cannot be made or written; the message says why.
        """
        try:
            document = self._document(options)
        except SchemaGenerationError:
            raise
        except Exception as error:
            raise SchemaGenerationError(f"The AsyncAPI document cannot be made: {error}") from error
        if options["format"] == "json":
            text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        else:
            text = to_yaml(document)
        path: Path | None = options["file"]
        if path is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise SchemaGenerationError(f"Cannot write {path}: {error.strerror}") from error
        self.stdout.write(self.style.SUCCESS(f"AsyncAPI document written to {path}"))

    def _document(self, options: dict[str, Any]) -> dict[str, Any]:
        base_url = options["base_url"] or chanx_settings.WEBSOCKET_BASE_URL or _DEFAULT_BASE_URL
        scheme, _, host = base_url.rpartition("://")
        named = options["base_url"] is not None  # what is said here wins over the settings
        url, protocol = chanx_settings.ASYNCAPI_SERVER_URL, chanx_settings.ASYNCAPI_SERVER_PROTOCOL
        return AsyncAPIGenerator(
            routes=self._routes(options["discovery_class"], base_url),
            title=options["title"] or chanx_settings.ASYNCAPI_TITLE,
            version=options["api_version"] or chanx_settings.ASYNCAPI_VERSION,
            description=options["description"] or chanx_settings.ASYNCAPI_DESCRIPTION,
            server_url=host if named else url or host,
            server_protocol=scheme if named else protocol or scheme,
            camelize=bool(chanx_settings.CAMELIZE),
            servers=None if named else chanx_settings.ASYNCAPI_SERVERS,
            security_schemes=chanx_settings.ASYNCAPI_SECURITY_SCHEMES,
        ).generate()

    def _routes(self, discovery_path: str | None, base_url: str) -> list[RouteInfo]:
        discovery: RouteDiscovery = DjangoRouteDiscovery()
        if discovery_path:
            found = import_string(discovery_path)
            if not (isinstance(found, type) and issubclass(found, RouteDiscovery)):
                raise SchemaGenerationError(
                    f"--discovery-class {discovery_path} is no subclass of "
                    "chanx.routing.discovery.RouteDiscovery"
                )
            discovery = found()
        return discovery.discover_routes(base_url)
