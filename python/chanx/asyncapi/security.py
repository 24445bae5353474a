"""Credentials of authenticators as AsyncAPI's security schemes and WebSocket bindings."""

import re
from collections.abc import Sequence
from typing import Any, Final

from chanx.core.authenticator import Credential

SECURITY_SCHEMES_REF: Final = "#/components/securitySchemes/"
WS_BINDING_VERSION: Final = "0.1.0"

_BINDING_SECTIONS: Final = {"query": "query", "header": "headers"}


def scheme_key(credential: Credential) -> str:
    """Key of a credential's scheme, for example ``header_x_key``."""
    name = re.sub(r"[^0-9a-z]+", "_", credential.name.lower()).strip("_")
    return f"{credential.location}_{name}"


def security_scheme(credential: Credential) -> dict[str, Any]:
    """The security scheme object of a credential."""
    scheme = {"type": "httpApiKey", "name": credential.name, "in": credential.location}
    if credential.description:
        scheme["description"] = credential.description
    return scheme


def ws_binding(credentials: Sequence[Credential]) -> dict[str, Any] | None:
    """Describe which query parameters and headers the handshake needs.

    Returns:
        The WebSocket channel binding; None without such credentials (it has no place for cookies).
    """
    binding: dict[str, Any] = {}
    for credential in credentials:
        section = _BINDING_SECTIONS.get(credential.location)
        if section is None:
            continue
        schema = {"type": "string"}
        if credential.description:
            schema["description"] = credential.description
        properties = binding.setdefault(section, {"type": "object", "properties": {}})["properties"]
        properties[credential.name] = schema
    return {**binding, "bindingVersion": WS_BINDING_VERSION} if binding else None
