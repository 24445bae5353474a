"""What a document says when nobody says otherwise."""

from typing import Final

DEFAULT_ASYNCAPI_TITLE: Final = "AsyncAPI Documentation"
DEFAULT_ASYNCAPI_VERSION: Final = "1.0.0"
DEFAULT_SERVER_URL: Final = "localhost:8000"
DEFAULT_SERVER_PROTOCOL: Final = "ws"
DEFAULT_ASYNCAPI_DESCRIPTION: Final = ""
DEFAULT_DISCRIMINATOR: Final = "action"
