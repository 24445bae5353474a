"""Serializers of your own for the Redis layers; the API is that of ``channels_redis.serializers``.

Messages of ``serializer_format="msgpack"`` and ``"json"`` never come here: the core writes and reads them itself. A
layer with a registered format calls Python for each message, and from other threads than the event loop's too.
"""

from __future__ import annotations

import abc
import json
import secrets
import sys
from collections.abc import Sequence
from typing import Any, Protocol, cast

from chanx._core import Crypter, WireCodec

__all__ = [
    "BaseMessageSerializer",
    "JSONSerializer",
    "MsgPackSerializer",
    "Serializer",
    "SerializerDoesNotExist",
    "SerializersRegistry",
    "registry",
]

_THEIRS = "channels_redis.serializers"


class SerializerDoesNotExist(KeyError):
    """No serializer is registered under that name."""


class Serializer(Protocol):
    """What a layer needs of a serializer; any number of threads call it at a time."""

    def serialize(self, message: Any) -> bytes:
        """The bytes of a message, with the random prefix and encrypted."""
        ...

    def deserialize(self, message: bytes) -> Any:
        """The message of bytes that ``serialize`` made."""
        ...


class BaseMessageSerializer(abc.ABC):
    """Puts the random prefix and the encryption around the bytes that a subclass makes.

    Args:
        symmetric_encryption_keys: The first encrypts messages, all of them decrypt.
        random_prefix_length: Random bytes that tell equal messages apart.
        expiry: Seconds after which an encrypted message is refused, with ten of grace.
    """

    def __init__(
        self,
        symmetric_encryption_keys: Sequence[str | bytes] | None = None,
        random_prefix_length: int = 0,
        expiry: float | None = None,
    ) -> None:
        if isinstance(symmetric_encryption_keys, (str, bytes)):
            raise ValueError("symmetric_encryption_keys must be a list of possible keys")
        self.random_prefix_length = random_prefix_length
        self.expiry = expiry
        keys = [key.decode() if isinstance(key, bytes) else key for key in symmetric_encryption_keys or ()]
        self.crypter = Crypter(keys) if keys else None

    @abc.abstractmethod
    def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
        """The message as bytes."""

    @abc.abstractmethod
    def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
        """The message that ``as_bytes`` made bytes of."""

    def serialize(self, message: Any) -> bytes:
        """Serializes a message."""
        body = self.as_bytes(message)
        if self.crypter is not None:
            body = self.crypter.encrypt(body)
        return secrets.token_bytes(self.random_prefix_length) + body

    def deserialize(self, message: bytes) -> Any:
        """Deserializes a message.

        Raises:
            MessageDecodeError: None of the keys decrypts it, or it is too old.
        """
        body = message[self.random_prefix_length :]
        if self.crypter is not None:
            body = self.crypter.decrypt(body, None if self.expiry is None else self.expiry + 10)
        return self.from_bytes(body)


class JSONSerializer(BaseMessageSerializer):
    """What ``"json"`` names; to be derived from, for instance with a ``default`` of your own."""

    def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
        """The message as JSON."""
        return json.dumps(message, *args, **kwargs).encode()

    def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
        """The message of JSON."""
        return json.loads(message, *args, **kwargs)


class MsgPackSerializer(BaseMessageSerializer):
    """What ``"msgpack"`` names; to be derived from."""

    def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
        """The message as msgpack."""
        return _msgpack.encode(message)

    def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
        """The message of msgpack."""
        return _msgpack.decode(message)


class SerializersRegistry:
    """Serializer classes by the names that ``serializer_format`` takes."""

    def __init__(self) -> None:
        self._registry: dict[str, type[Any]] = {}

    # The names of the arguments are those of channels_redis.
    def register_serializer(self, format: str, serializer_class: type[Any]) -> None:
        """Registers a class, in place of one that had the name.

        Args:
            format: The name.
            serializer_class: A class with ``serialize`` and ``deserialize``, made with the arguments of
                ``BaseMessageSerializer`` as keywords.
        """
        given: object = serializer_class
        if not (isinstance(given, type) and hasattr(given, "serialize") and hasattr(given, "deserialize")):
            raise TypeError(
                f"a serializer is a class with the methods serialize and deserialize, not {given!r}"
            )
        self._registry[format] = serializer_class

    def get_serializer(self, format: str, *args: Any, **kwargs: Any) -> Serializer:
        """An instance of a registered class, made with the other arguments.

        Raises:
            SerializerDoesNotExist: No class has the name.
        """
        if format not in self._registry:
            raise SerializerDoesNotExist(format)
        return cast("Serializer", self._registry[format](*args, **kwargs))


_msgpack = WireCodec("msgpack")
registry = SerializersRegistry()
"""Where the layers of this package look first."""
registry.register_serializer("json", JSONSerializer)
registry.register_serializer("msgpack", MsgPackSerializer)


def serializer_for(name: str, **options: Any) -> str | Serializer:
    """What a layer with ``serializer_format=name`` uses: the name of a native one, or an instance.

    Names that are registered with channels_redis count too, and their replacement of a native one.

    Args:
        name: The name.
        options: What an instance is made with.

    Raises:
        SerializerDoesNotExist: Nothing is registered under the name.
    """
    # Whoever registered there has imported it, so it need not be imported here.
    theirs = sys.modules.get(_THEIRS)
    native = {JSONSerializer, MsgPackSerializer}
    registries: list[Any] = [registry]
    if theirs is not None:
        native |= {theirs.JSONSerializer, theirs.MsgPackSerializer}
        registries.append(theirs.registry)
    found = [each._registry[name] for each in registries if name in each._registry]
    for made in found:
        if made not in native:
            return cast("Serializer", made(**options))
    if not found:
        raise SerializerDoesNotExist(name)
    return name


def registered_names() -> list[str]:
    """The names that ``serializer_for`` knows."""
    theirs = sys.modules.get(_THEIRS)
    return sorted({*registry._registry, *(theirs.registry._registry if theirs is not None else ())})
