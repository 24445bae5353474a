# Generated from the compiled core by `make stubs`; do not edit.
"""
The native core of chanx: validation, encoding and channel layers.
"""

from __future__ import annotations
import collections.abc
import typing

__all__: list[str] = [
    "Crypter",
    "Decoder",
    "Deliver",
    "Encoder",
    "HookGuard",
    "LayerCore",
    "MemoryLayerCore",
    "Plan",
    "PubSubLayerCore",
    "ReceiveOperation",
    "RedisClient",
    "RedisLayerCore",
    "SharedMessage",
    "WireCodec",
    "camelize",
    "compile_plan",
    "decamelize",
    "find_excess",
    "json_text",
]

class Plan:
    """
    The compiled plan of a message type, with its Python objects. Opaque.
    """

class Decoder:
    """
    Called with text, gives the message it holds.
    """
    @staticmethod
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Call self as a function.
        """

class Encoder:
    """
    Called with a message, gives its JSON. `compile(cls)` gives the Plan of a class, or None.
    """
    @staticmethod
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Call self as a function.
        """

class ReceiveOperation:
    """
    The next message of a channel, awaited once.
    """
    @staticmethod
    def add_done_callback(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def cancel(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def close(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def done(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def get_loop(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def result(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def send(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    @staticmethod
    def throw(*args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...
    def __await__(self):
        """
        Return an iterator to be used in await expression.
        """
    def __delattr__(self, name):
        """
        Implement delattr(self, name).
        """
    def __getattribute__(self, name):
        """
        Return getattr(self, name).
        """
    def __iter__(self):
        """
        Implement iter(self).
        """
    def __next__(self):
        """
        Implement next(self).
        """
    def __setattr__(self, name, value):
        """
        Implement setattr(self, name, value).
        """

class SharedMessage:
    """
    A message that all attached consumers of a process share.

    ``content`` must not be changed; ``cache`` is for what its first consumer makes of it and the others can use, such as the encoded frame; ``bytes`` is its size as the layer counts it.
    """

    cache: typing.Any
    def copy(self) -> typing.Any:
        """
        The content, with containers of its own.
        """
    @property
    def bytes(self) -> int: ...
    @property
    def content(self) -> typing.Any: ...

class LayerCore:
    """
    What all channel layers share: the channels and groups of this process.
    """
    def attach(self, channel: typing.Any, target: typing.Any, deliver: typing.Any) -> None: ...
    def channels(self) -> dict[str, tuple[int, int, int]]: ...
    def detach(self, channel: typing.Any) -> None: ...
    def drop_channel(self, channel: typing.Any) -> bool: ...
    def flush(self) -> None: ...
    def groups(self) -> dict[str, dict[str, float]]: ...
    def pause(self, channel: typing.Any, paused: bool) -> None: ...
    def receiver(self) -> typing.Any: ...
    def stats(self) -> dict[str, typing.Any]: ...

class MemoryLayerCore(LayerCore):
    """
    Channels and groups of one process.
    """
    def __init__(
        self,
        *,
        expiry: typing.SupportsFloat | typing.SupportsIndex,
        group_expiry: typing.SupportsFloat | typing.SupportsIndex,
        queue_bytes: typing.SupportsInt | typing.SupportsIndex,
        strict: bool,
        capacity_of: typing.Any,
        report: typing.Any,
        odd: typing.Any,
    ) -> None: ...
    def group_add(self, arg0: typing.Any, arg1: typing.Any) -> None: ...
    def group_discard(self, arg0: typing.Any, arg1: typing.Any) -> None: ...
    def group_send(self, arg0: typing.Any, arg1: typing.Any) -> int: ...
    def send(self, arg0: typing.Any, arg1: typing.Any) -> bool: ...

class PubSubLayerCore(LayerCore):
    """
    Channels and groups over Redis pub/sub.
    """
    def __init__(
        self,
        *,
        hosts: list[typing.Any],
        prefix: str,
        serializer: typing.Any,
        keys: collections.abc.Sequence[str],
        expiry: typing.SupportsFloat | typing.SupportsIndex,
        group_expiry: typing.SupportsFloat | typing.SupportsIndex,
        queue_bytes: typing.SupportsInt | typing.SupportsIndex,
        capacity_of: typing.Any,
        report: typing.Any,
        undecodable: typing.Any,
        notify: typing.Any,
    ) -> None: ...
    def close(self) -> None: ...
    def flush_sync(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> bool: ...
    def group_add(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def group_discard(self, arg0: typing.Any, arg1: typing.Any) -> None: ...
    def group_send(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def new_channel(self, arg0: str) -> typing.Any: ...
    def redis_stats(self) -> dict[str, typing.Any]: ...
    def send(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def send_many(
        self,
        arg0: collections.abc.Sequence[tuple[bool, typing.Any, typing.Any]],
        arg1: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...

class RedisLayerCore(LayerCore):
    """
    Channels and groups over Redis sorted sets.
    """
    def __init__(
        self,
        *,
        hosts: list[typing.Any],
        prefix: str,
        serializer: typing.Any,
        keys: collections.abc.Sequence[str],
        random_prefix_length: typing.SupportsInt | typing.SupportsIndex,
        process: str,
        expiry: typing.SupportsFloat | typing.SupportsIndex,
        group_expiry: typing.SupportsFloat | typing.SupportsIndex,
        queue_bytes: typing.SupportsInt | typing.SupportsIndex,
        capacity_of: typing.Any,
        report: typing.Any,
        undecodable: typing.Any,
        notify: typing.Any,
    ) -> None: ...
    def close(self) -> None: ...
    def erase(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None: ...
    def flush_sync(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> bool: ...
    def group_add(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def group_discard(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def group_send(self, arg0: typing.Any, arg1: typing.Any) -> typing.Any: ...
    def new_channel(self, arg0: str) -> None: ...
    def redis_stats(self) -> dict[str, typing.Any]: ...
    def rename(self, process: str) -> None: ...
    def send(
        self, arg0: typing.Any, arg1: typing.Any, arg2: typing.SupportsInt | typing.SupportsIndex
    ) -> typing.Any: ...
    def send_many(
        self,
        arg0: collections.abc.Sequence[
            tuple[bool, typing.Any, typing.Any, typing.SupportsInt | typing.SupportsIndex]
        ],
        arg1: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...

class Deliver:
    """
    Called with a list of (connection, SharedMessage), delivers each message that only has to be sent.
    Others go to `long_way`, in such lists; `report` is called with an error of a connection.
    """
    @staticmethod
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Call self as a function.
        """

class HookGuard:
    """
    Called with an instance of `cls`: 1 while every named attribute is as it was, 0 once one has changed on the
    class, 2 when the instance has one of its own.
    """
    @staticmethod
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        """
        Call self as a function.
        """
    def invalidate(self):
        """
        Answer CHANGED from now on.
        """

class WireCodec:
    """
    Serialises, encrypts and addresses messages as Redis layers do.
    """
    def __init__(
        self,
        format: str = "msgpack",
        prefix_length: typing.SupportsInt | typing.SupportsIndex = 0,
        keys: collections.abc.Sequence[str] = [],
        expiry: typing.SupportsInt | typing.SupportsIndex | None = None,
    ) -> None: ...
    def address(self, sealed: bytes, to: typing.Any) -> bytes:
        """
        The same message, addressed to a channel or to a list of channels.
        """
    def decode(self, sealed: bytes, drop_address: bool = False) -> typing.Any: ...
    def encode(self, message: typing.Any) -> bytes: ...
    def header(self, sealed: bytes) -> tuple:
        """
        The type, and the channel or the list of channels that the message is for.
        """

class Crypter:
    """
    Encrypts and decrypts as Redis layers do.
    """
    def __init__(self, keys: collections.abc.Sequence[str]) -> None: ...
    def decrypt(
        self, token: bytes, ttl: typing.SupportsFloat | typing.SupportsIndex | None = None
    ) -> bytes: ...
    def encrypt(self, plain: bytes) -> bytes: ...

class RedisClient:
    """
    One connection to Redis that keeps itself up, without an event loop.
    """
    def __init__(self, options: dict[str, typing.Any]) -> None: ...
    def close(self) -> None: ...
    def evaluate(
        self,
        script: str,
        keys: collections.abc.Sequence[str],
        arguments: collections.abc.Sequence[str],
        timeout: typing.SupportsFloat | typing.SupportsIndex = 10.0,
    ) -> typing.Any: ...
    def events(self) -> list[str]:
        """
        Connections and disconnections since the last call.
        """
    def execute(self, *args, timeout: typing.SupportsFloat | typing.SupportsIndex = 10.0) -> typing.Any:
        """
        Runs one command and returns its reply.
        """
    def flush(self, timeout: typing.SupportsFloat | typing.SupportsIndex) -> bool:
        """
        Waits until all that was sent is answered; False when that took longer.
        """
    def next_message(self, timeout: typing.SupportsFloat | typing.SupportsIndex) -> typing.Any:
        """
        A tuple of channel and payload, or None when none came in time.
        """
    def pipeline(
        self, commands: list[typing.Any], timeout: typing.SupportsFloat | typing.SupportsIndex = 10.0
    ) -> list[typing.Any]:
        """
        Runs commands in one go; error replies are exceptions in the list.
        """
    def send(self, *args, repeatable: bool = False) -> None:
        """
        Sends a command without waiting for its reply.
        """
    def stats(self) -> dict[str, typing.Any]: ...
    def subscribe(
        self,
        channels: collections.abc.Sequence[str],
        timeout: typing.SupportsFloat | typing.SupportsIndex = 10.0,
        shard: bool = False,
    ) -> None: ...
    def unsubscribe(
        self,
        channels: collections.abc.Sequence[str],
        timeout: typing.SupportsFloat | typing.SupportsIndex = 10.0,
        shard: bool = False,
    ) -> None: ...

def camelize(key: str) -> str | None:
    """
    The key in camelCase as pyhumps writes it; None for a key that is not ASCII letters, digits, _ and -.
    """

def compile_plan(
    nodes: list[typing.Any],
    root: typing.SupportsInt | typing.SupportsIndex,
    camelize: bool,
    for_encoding: bool,
    json_parts: bool,
) -> typing.Any:
    """
    Compile the nodes of a message type. Raises ValueError for what the core cannot represent.
    """

def decamelize(key: str) -> str | None:
    """
    The key in snake_case as pyhumps writes it; None for a key that is not ASCII letters, digits, _ and -.
    """

def find_excess(text: str, limits: tuple) -> str | None:
    """
    The limit that a text goes beyond: bytes, depth, elements or string; None when it keeps all. `limits` has them in this order, negative for none.
    """

def json_text(content: typing.Any) -> str | None:
    """
    What json.dumps gives for plain dicts with keys of str, lists, tuples, str, numbers, booleans and None; None for what has anything else in it.
    """
