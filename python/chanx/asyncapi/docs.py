"""What the documentation page loads, and how a document is put into it."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

ASYNCAPI_UI_VERSION: Final = "1"
"""Version of the page that comes with this package."""

DEFAULT_DOCS_JS_URL: Final = "?asset=docs.js"
DEFAULT_DOCS_CSS_URL: Final = "?asset=docs.css"
DEFAULT_DOCS_INTEGRITY: Final[Mapping[str, str]] = {}
"""Subresource integrity by URL: none is needed for what the page's own server sends."""

_CONTENT_TYPES: Final = {
    "docs.js": "text/javascript; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
}


def docs_assets(
    js_url: str | None = None,
    css_url: str | None = None,
    js_integrity: str | None = None,
    css_integrity: str | None = None,
) -> dict[str, str | None]:
    """Choose the script and the style sheet of the page.

    Args:
        js_url: Another script, for example the standalone build of AsyncAPI's React component; it has
            to define ``AsyncApiStandalone.render``.
        css_url: Another style sheet.
        js_integrity: Subresource integrity hash of ``js_url``.
        css_integrity: Subresource integrity hash of ``css_url``.

    Returns:
        The four values under the names of the arguments; None where there is no integrity hash.
    """
    js = js_url or DEFAULT_DOCS_JS_URL
    css = css_url or DEFAULT_DOCS_CSS_URL
    return {
        "js_url": js,
        "css_url": css,
        "js_integrity": js_integrity or DEFAULT_DOCS_INTEGRITY.get(js),
        "css_integrity": css_integrity or DEFAULT_DOCS_INTEGRITY.get(css),
    }


def integrity_attrs(integrity: str | None) -> str:
    """Write the attributes for a subresource integrity hash, with a space in front; none without."""
    return f' integrity="{escape(integrity)}" crossorigin="anonymous"' if integrity else ""


def schema_script_json(schema: dict[str, Any]) -> str:
    """Write a document as JSON that may stand inside a ``<script>`` element.

    No description can end the element early or be taken for HTML in there.
    """
    text = json.dumps(schema)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def docs_asset(name: str) -> tuple[bytes, str, str] | None:
    """Read a file of the page.

    Args:
        name: ``docs.js`` or ``docs.css``.

    Returns:
        Content, content type and a tag that changes with the content; None for any other name.
    """
    content_type = _CONTENT_TYPES.get(name)
    if content_type is None:
        return None
    content = files("chanx.asyncapi").joinpath("static", name).read_bytes()
    return content, content_type, hashlib.sha256(content).hexdigest()[:16]
