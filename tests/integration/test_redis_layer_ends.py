"""What a Redis layer leaves behind when it is gone: nothing."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from types import FunctionType

import pytest

from chanx.layers import RedisChannelLayer, RedisPubSubChannelLayer
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


def functions_of_cores() -> list[FunctionType]:
    return [
        each
        for each in gc.get_objects()
        # By its type: Django keeps lazy objects that cannot be asked what they are.
        if type(each) is FunctionType and each.__qualname__.endswith("_notifier.<locals>.notify")
    ]


@pytest.mark.parametrize("kind", [RedisChannelLayer, RedisPubSubChannelLayer])
def test_a_layer_and_what_it_told_go_with_it(
    kind: type[RedisChannelLayer | RedisPubSubChannelLayer], server: RedisServer
) -> None:
    class Callback:
        def __call__(self) -> None:
            pass

    before = functions_of_cores()  # those of layers that other tests keep
    gone = []
    for _ in range(5):
        callback = Callback()
        layer = kind(hosts=[("127.0.0.1", server.port)])
        layer.on_disconnect = callback

        async def use(layer: RedisChannelLayer | RedisPubSubChannelLayer = layer) -> None:
            channel = await layer.new_channel()
            await layer.group_add("room", channel)
            await layer.group_send("room", {"type": "t"})
            await asyncio.wait_for(layer.receive(channel), 10)
            await layer.close()

        asyncio.run(use())
        use.__defaults__ = ()
        gone += [weakref.ref(layer), weakref.ref(layer._core), weakref.ref(callback)]
        del layer, callback, use
    gc.collect()
    assert [each() for each in gone] == [None] * len(gone)
    told = [each for each in functions_of_cores() if not any(each is other for other in before)]
    assert told == [], "the functions that the cores call outlive them"
