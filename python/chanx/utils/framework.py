"""The framework that consumers run on."""

from typing import Any, Literal, TypeAlias

Framework: TypeAlias = Literal["channels", "fast_channels"]


def detect_framework() -> Framework:
    """Name the framework; this package runs on Django Channels."""
    return "channels"


def consumer_base() -> Any:
    """The framework's consumer class, for classes made at run time."""
    from chanx.channels.websocket import AsyncJsonWebsocketConsumer  # needs Django's settings

    return AsyncJsonWebsocketConsumer


def channel_layer(alias: str) -> Any:
    """The channel layer of that name, or None."""
    from channels.layers import get_channel_layer  # needs Django

    return get_channel_layer(alias)
