"""The communicator under the import path of chanx 1.x; new code imports ``chanx.channels.testing``."""

from chanx.channels.testing import WebsocketCommunicator

__all__ = ["WebsocketCommunicator"]
