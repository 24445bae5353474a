"""Testing consumers in Django projects."""

import asyncio
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from channels.testing.websocket import WebsocketCommunicator as ChannelsWebsocketCommunicator
from django.test import TransactionTestCase
from rest_framework import status

from chanx.channels.utils.asgi import get_websocket_application
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.config import config
from chanx.core.testing import WebsocketCommunicatorMixin
from chanx.messages.outgoing import AuthenticationMessage

if TYPE_CHECKING:
    from chanx.core.websocket import ChanxWebsocketConsumerMixin

__all__ = ["DjangoWebsocketCommunicator", "WebsocketCommunicator", "WebsocketTestCase"]

_LONGEST_START = 5.0
"""Seconds that ``post_authentication`` may take until a test goes on without it."""


class WebsocketCommunicator(WebsocketCommunicatorMixin, ChannelsWebsocketCommunicator):
    """A client of one connection, without a server: ``async with WebsocketCommunicator(...)``."""

    application: Any
    consumer: "type[ChanxWebsocketConsumerMixin[Any]]"


class DjangoWebsocketCommunicator(WebsocketCommunicator):
    """Knows about authentication messages as well."""

    async def wait_for_auth(
        self,
        send_authentication_message: bool | None = None,
        max_auth_time: float = 0.5,
        after_auth_time: float = 0.1,
    ) -> AuthenticationMessage | None:
        """Wait until the connection is authenticated.

        Args:
            send_authentication_message: Whether the server tells so; by default what the setting
                ``SEND_AUTHENTICATION_MESSAGE`` says.
            max_auth_time: Longest time to wait for the message, or the time to wait without one, in
                seconds.
            after_auth_time: Time for ``post_authentication``, in seconds. When it is not done by then, some
                more: until the consumer takes frames.

        Returns:
            The message, None when the server sends none.

        Raises:
            TimeoutError: The message did not come.
        """
        if send_authentication_message is None:
            send_authentication_message = config.send_authentication_message
        if not send_authentication_message:
            await asyncio.sleep(max_auth_time)
            return None
        content = self._in_snake_case(await self.receive_json_from(max_auth_time))
        message = AuthenticationMessage.model_validate(content)
        await asyncio.sleep(after_auth_time)
        await self._until_it_takes_frames()
        return message

    async def _until_it_takes_frames(self) -> None:
        """Wait until the consumer has connected: it reads the next frame after ``post_authentication``.

        One that waits there for something that the test does next is not waited for without end.
        """
        application: Any = self
        frames, deadline = application.input_queue, asyncio.get_running_loop().time() + _LONGEST_START
        while not (frames._getters or application.future.done()):
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.01)

    async def assert_authenticated_status_ok(self, max_auth_time: float = 0.5) -> None:
        """Check that the connection is authenticated with status 200.

        Raises:
            AssertionError: It is refused.
        """
        message = await self.wait_for_auth(max_auth_time=max_auth_time)
        if message is not None:
            found = message.payload
            assert found.status_code == status.HTTP_200_OK, (
                f"authentication was answered with {found.status_code}: {found.data}"
            )


class WebsocketTestCase(TransactionTestCase):
    """A Django test case with a client for one route.

    The communicators made by it are disconnected when a test ends.

    Attributes:
        ws_path: Path of the route, for example ``/ws/chat/room1/``.
        router: The ASGI application; that of the project when None.
        consumer: The consumer behind the route.
    """

    ws_path: str = ""
    router: Any = None
    consumer: type[AsyncJsonWebsocketConsumer[Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._communicators: list[DjangoWebsocketCommunicator] = []
        self._auth_communicator: DjangoWebsocketCommunicator | None = None

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        """Headers of the handshake, such as the cookie of a session; override it."""
        return []

    def get_subprotocols(self) -> list[str]:
        """Subprotocols that the client offers; override it."""
        return []

    def setUp(self) -> None:
        """Read headers and subprotocols."""
        super().setUp()
        self.ws_headers = self.get_ws_headers()
        self.subprotocols = self.get_subprotocols()

    def tearDown(self) -> None:
        """Disconnect every communicator."""
        for communicator in self._communicators:
            try:
                async_to_sync(communicator.disconnect)()
            except (Exception, asyncio.CancelledError):
                continue
        self._communicators.clear()
        self._auth_communicator = None
        super().tearDown()

    def create_communicator(
        self,
        *,
        router: Any | None = None,
        ws_path: str | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        subprotocols: list[str] | None = None,
    ) -> DjangoWebsocketCommunicator:
        """Make a client.

        Args:
            router: The ASGI application, by default :attr:`router` or that of the project.
            ws_path: The path, by default :attr:`ws_path`.
            headers: Headers of the handshake, by default those of :meth:`get_ws_headers`.
            subprotocols: By default those of :meth:`get_subprotocols`.

        Raises:
            AttributeError: There is no path, or the class has no ``consumer``.
        """
        path = self.ws_path if ws_path is None else ws_path
        if not path:
            raise AttributeError(f"ws_path is not set in {type(self).__name__}")
        application = router or self.router or get_websocket_application()
        communicator = DjangoWebsocketCommunicator(
            application,
            path,
            headers=self.ws_headers if headers is None else headers,
            subprotocols=self.subprotocols if subprotocols is None else subprotocols,
            consumer=self.consumer,
        )
        self._communicators.append(communicator)
        return communicator

    @property
    def auth_communicator(self) -> DjangoWebsocketCommunicator:
        """The client of this test, made with the defaults at the first use."""
        if self._auth_communicator is None:
            self._auth_communicator = self.create_communicator()
        return self._auth_communicator
