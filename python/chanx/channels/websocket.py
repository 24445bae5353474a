"""The consumer for Django Channels."""

from channels.exceptions import InvalidChannelLayerError
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer as ChannelsAsyncJsonWebsocketConsumer,
)
from channels.layers import get_channel_layer

from chanx.channels.settings import follow_setting
from chanx.core.consumer_base import ReceiveEvent
from chanx.core.websocket import ChanxWebsocketConsumerMixin

__all__ = ["AsyncJsonWebsocketConsumer", "ReceiveEvent"]

follow_setting()


class AsyncJsonWebsocketConsumer(
    ChanxWebsocketConsumerMixin[ReceiveEvent], ChannelsAsyncJsonWebsocketConsumer
):
    """A WebSocket consumer of typed messages.

    Give it the type of the events it receives, ``AsyncJsonWebsocketConsumer[MyEvent]``, to have
    ``broadcast_event`` and ``send_event`` checked by type checkers.
    """

    get_channel_layer = staticmethod(get_channel_layer)

    def _no_groups_error(self) -> Exception:
        return InvalidChannelLayerError("BACKEND is unconfigured or doesn't support groups")
