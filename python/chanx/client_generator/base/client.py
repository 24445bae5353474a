"""One typed WebSocket connection."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel, TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect

logger = logging.getLogger(__name__)


class BaseClient:
    """Connects, validates what arrives and hands it to :meth:`handle_message`.

    Attributes:
        path: Path of the route, parameters as ``{name}``.
        incoming_message: The message type that arrives, or a union of them.
        discriminator_field: The field that names a message's action.
        websocket: The connection, while there is one.
    """

    path: str
    incoming_message: Any
    discriminator_field: str = "action"
    websocket: ClientConnection | None = None

    def __init__(
        self,
        base_url: str,
        /,
        protocol: str = "ws",
        headers: dict[str, str] | None = None,
        path_params: dict[str, Any] | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> None:
        """Prepare a client; :meth:`handle` connects it.

        Args:
            base_url: Host and port, or a URL that begins with ``ws://`` or ``wss://``.
            protocol: ``ws`` or ``wss``, when the URL does not say.
            headers: Headers of the handshake.
            path_params: Values for the parameters of the path.
            query_params: Query parameters of the handshake.

        Raises:
            ValueError: A parameter of the path has no value.
        """
        if "://" not in base_url:
            base_url = f"{protocol}://{base_url}"
        values = {name: quote(str(value), safe="/") for name, value in (path_params or {}).items()}
        try:
            path = self.path.format(**values)
        except KeyError as missing:
            raise ValueError(f"path_params lacks {missing} for {self.path}") from None
        self.url = f"{base_url.rstrip('/')}/{path.lstrip('/')}"
        if query_params:
            self.url += f"?{urlencode(query_params)}"
        self.headers = headers or {}
        self.incoming_message_adapter: TypeAdapter[Any] = TypeAdapter(self.incoming_message)

    async def handle(self) -> None:
        """Connect and handle messages until the connection is closed.

        A connection that cannot be made or breaks goes to
        :meth:`handle_websocket_connection_error`.
        """
        await self.before_handle()
        greeting: asyncio.Task[None] | None = None
        try:
            async with connect(self.url, additional_headers=self.headers) as websocket:
                self.websocket = websocket
                # A task: what it sends may wait for answers that the loop below receives.
                greeting = asyncio.create_task(self.send_init_message())
                async for data in websocket:
                    await self._receive(data)
        except Exception as error:
            await self.handle_websocket_connection_error(error)
            return
        finally:
            self.websocket = None
            if greeting is not None:
                greeting.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await greeting
        await self.after_handle()

    async def _receive(self, data: str | bytes) -> None:
        try:
            try:
                frame = json.loads(data)
            except ValueError:
                await self.handle_raw_data(data)
                return
            await self.dispatch_frame(frame)
        except Exception as error:
            await self.handle_error(error)

    async def dispatch_frame(self, py_object: Any) -> None:
        """Validate a frame and hand the message on."""
        try:
            message = self.incoming_message_adapter.validate_python(py_object)
        except ValidationError:
            await self.handle_invalid_message(py_object)
        else:
            await self.handle_message(message)

    async def send_raw(self, data: str | bytes) -> None:
        """Send text or bytes as they are.

        Raises:
            RuntimeError: There is no connection.
        """
        if self.websocket is None:
            raise RuntimeError(f"not connected to {self.url}")
        await self.websocket.send(data)

    async def send_json(self, data: dict[str, Any]) -> None:
        """Send a dictionary as JSON."""
        await self.send_raw(json.dumps(data))

    async def send_message(self, message: Any) -> None:
        """Send a message."""
        await self.send_json(dump(message))

    async def disconnect(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; :meth:`handle` returns then."""
        if self.websocket is not None:
            await self.websocket.close(code, reason)

    async def before_handle(self) -> None:
        """Called before connecting."""

    async def send_init_message(self) -> None:
        """Called once connected, for what is to be sent first."""

    async def handle_message(self, message: Any) -> None:
        """Called with each message; override it."""

    async def handle_invalid_message(self, invalid_message: Any) -> None:
        """Called with frames that are none of the messages."""
        logger.warning("%s: no known message: %r", type(self).__name__, invalid_message)

    async def handle_raw_data(self, message: str | bytes) -> None:
        """Called with frames that are not JSON."""

    async def handle_error(self, error: Exception) -> None:
        """Called with what a handler raises; raises it again, which ends the connection."""
        raise error

    async def handle_websocket_connection_error(self, e: Exception) -> None:
        """Called when the connection cannot be made or breaks."""
        logger.error("%s: connection to %s failed: %s", type(self).__name__, self.url, e)

    async def after_handle(self) -> None:
        """Called after the connection has been closed in order."""


def dump(message: Any) -> dict[str, Any]:
    """Turn a message, or a dictionary that is one already, into what goes over the wire."""
    if isinstance(message, BaseModel):
        return message.model_dump(mode="json", by_alias=True)
    return dict(message)
