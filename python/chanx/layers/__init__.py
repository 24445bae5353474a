"""Channel layers in C++: change only ``BACKEND`` in ``CHANNEL_LAYERS`` to use one."""

from chanx.layers.memory import InMemoryChannelLayer
from chanx.layers.pubsub import RedisPubSubChannelLayer
from chanx.layers.redis import RedisChannelLayer

__all__ = ["InMemoryChannelLayer", "RedisChannelLayer", "RedisPubSubChannelLayer"]
