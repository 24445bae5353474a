"""Typed messages from JSON and back, in C++, with pydantic's verdicts.

A codec compiles pydantic's own core schema into a native plan. A message that the plan is sure about is built without
Python; every other one is handed to pydantic, whose result or error is the answer. So a codec never differs from
pydantic but in speed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, Literal, LiteralString, TypeAlias, TypeVar, cast

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticCustomError, SchemaSerializer, SchemaValidator

from chanx import _core, _explain, _schema

if TYPE_CHECKING:
    # Plain C types, for speed: the generated stub of the core cannot know their signatures.
    class _Decoder:
        def __init__(
            self, plan: Any, fallback: Any, frames: bool = False, limits: tuple[int, int, int, int] = ...
        ) -> None: ...
        def __call__(self, text: Any, /) -> Any: ...

    class _Encoder:
        def __init__(
            self, compile: Any, fallback: Any, camelize: bool = False, as_bytes: bool = False
        ) -> None: ...
        def __call__(self, message: Any, /) -> Any: ...

else:
    from chanx._core import Decoder as _Decoder
    from chanx._core import Encoder as _Encoder

__all__ = ["FrameDecoder", "FrameEncoder", "FrameLimits", "MessageCodec", "explain"]

T = TypeVar("T")
_Nodes: TypeAlias = tuple[list[_schema.Node], int]
Spell: TypeAlias = Callable[[list[_schema.Node], int], int]


def _adapter_of(type_or_adapter: Any) -> TypeAdapter[Any]:
    if isinstance(type_or_adapter, TypeAdapter):
        return cast("TypeAdapter[Any]", type_or_adapter)  # type: ignore[redundant-cast]  # pyright needs it
    return TypeAdapter(type_or_adapter)


def _is_plain(part: object) -> bool:
    # A pydantic plugin wraps validators, and a class with forward references has a stand-in until it is rebuilt.
    return type(part) in (SchemaValidator, SchemaSerializer)


def _decode_nodes(adapter: TypeAdapter[Any], mode: _schema.Mode = "python") -> _Nodes:
    if getattr(adapter, "_config", False) is not None:
        raise _schema.Unsupported("the TypeAdapter has a configuration of its own")
    if not _is_plain(adapter.validator):
        adapter.rebuild(raise_errors=False)
        if not _is_plain(adapter.validator):
            raise _schema.Unsupported("the validator is incomplete, or wrapped by a pydantic plugin")
    schema = adapter.core_schema
    own: Any = getattr(getattr(adapter, "_type", None), "__pydantic_validator__", None)
    config = _schema.config_of(schema) if own is adapter.validator else {}
    return _schema.read(schema, "decode", config=config, mode=mode)


def _encode_nodes(cls: type[Any]) -> _Nodes:
    if not issubclass(cls, BaseModel):
        raise _schema.Unsupported("no pydantic model")
    for name in ("model_dump", "model_dump_json"):
        if getattr(cls, name) is not getattr(BaseModel, name):
            raise _schema.Unsupported(f"{name} is overridden")
    if not _is_plain(cls.__pydantic_serializer__):
        cls.model_rebuild(raise_errors=False)
        if not _is_plain(cls.__pydantic_serializer__):
            raise _schema.Unsupported("the model is not fully defined")
    schema = cls.__pydantic_core_schema__
    return _schema.read(schema, "encode", config=_schema.config_of(schema))


def _compile(
    nodes: _Nodes, camelize: bool, *, for_encoding: bool = False, json_parts: bool = False
) -> _core.Plan:
    compile_plan = cast("Callable[..., _core.Plan]", getattr(_core, "compile_plan"))  # noqa: B009 -- typed `list` in the stub
    return compile_plan(*nodes, camelize=camelize, for_encoding=for_encoding, json_parts=json_parts)


def _decode_plan(
    adapter: TypeAdapter[Any], camelize: bool, mode: _schema.Mode = "python", spell: Spell | None = None
) -> _core.Plan | None:
    try:
        nodes, root = _decode_nodes(adapter, mode)
        if spell is not None:
            root = spell(nodes, root)
        return _compile((nodes, root), camelize, json_parts=mode == "json")
    except (_schema.Unsupported, ValueError):
        return None


def _encode_plan(cls: type[Any], camelize: bool, spell: Spell | None = None) -> _core.Plan | None:
    try:
        nodes, root = _encode_nodes(cls)
        if spell is not None:
            root = spell(nodes, root)
        return _compile((nodes, root), camelize or spell is not None, for_encoding=True)
    except (_schema.Unsupported, ValueError):
        return None


def _encode_compiler(camelize: bool, spell: Spell | None = None) -> Callable[[type[Any]], _core.Plan | None]:
    def compile_class(cls: type[Any]) -> _core.Plan | None:
        return _encode_plan(cls, camelize, spell)

    return compile_class


@dataclass(frozen=True)
class FrameLimits:
    """What a frame may hold before any work is done on it; None for no limit.

    Attributes:
        max_bytes: Size of a frame, in bytes of UTF-8.
        max_depth: Containers inside containers; 1 is an object of plain values.
        max_elements: Values in all its containers together.
        max_string: Length of a string or key, in bytes as they stand in the frame.
    """

    max_bytes: int | None = None
    max_depth: int | None = None
    max_elements: int | None = None
    max_string: int | None = None

    def __post_init__(self) -> None:
        """Refuse limits that would let no frame through.

        Raises:
            ValueError: A limit is no positive integer.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and (type(value) is not int or value < 1):
                raise ValueError(f"{field.name} must be a positive integer or None, not {value!r}")

    def as_tuple(self) -> tuple[int, int, int, int]:
        """The limits as the native core takes them."""
        return tuple(-1 if n is None else n for n in astuple(self))  # type: ignore[return-value]  # four of them

    def find_excess(self, text: str) -> PydanticCustomError | None:
        """Look whether a frame keeps the limits, without parsing it.

        Args:
            text: The frame, JSON or not.

        Returns:
            An error that names the limit, with the type ``frame_too_large``, ``frame_too_deep``,
            ``frame_too_many_elements`` or ``frame_string_too_long``; None when the frame keeps all.
        """
        found = _core.find_excess(text, self.as_tuple())
        if found is None:
            return None
        limit: int = getattr(self, f"max_{found}")
        kind, message = _EXCESSES[found]
        return PydanticCustomError(kind, message, {"limit": limit})


_EXCESSES: dict[str, tuple[LiteralString, LiteralString]] = {
    "bytes": ("frame_too_large", "A frame may have at most {limit} bytes"),
    "depth": ("frame_too_deep", "A frame may nest at most {limit} levels"),
    "elements": ("frame_too_many_elements", "A frame may have at most {limit} values"),
    "string": ("frame_string_too_long", "A string in a frame may have at most {limit} bytes"),
}


class MessageCodec(Generic[T]):
    """Validates JSON into typed messages, and encodes messages as JSON.

    Args:
        type_or_adapter: A model, a union, any type that pydantic knows, or a ready ``TypeAdapter``.
        mode: What decides. With ``"python"`` it is ``adapter.validate_python(json.loads(text))``, as for WebSocket
            frames; with ``"json"`` it is ``adapter.validate_json(text)``. They differ in the few places where
            pydantic's JSON mode is stricter or laxer than its Python mode.

    Attributes:
        validate: ``validate(data: bytes | str)`` gives the message that the JSON text holds. Raises
            ``pydantic.ValidationError`` when it breaks the type; in Python mode ``json.JSONDecodeError`` when it is not
            JSON and ``UnicodeDecodeError`` when bytes are not UTF-8.
        encode: ``encode(message)`` gives the message as JSON in UTF-8. Raises
            ``pydantic_core.PydanticSerializationError`` or ``UnicodeEncodeError`` for what JSON in UTF-8 cannot hold,
            such as a lone surrogate.
    """

    __slots__ = ("__weakref__", "adapter", "encode", "validate")

    adapter: TypeAdapter[T]
    validate: Callable[[bytes | str], T]
    encode: Callable[[T], bytes]

    def __init__(
        self, type_or_adapter: type[T] | TypeAdapter[T] | Any, *, mode: Literal["python", "json"] = "python"
    ) -> None:
        if mode not in ("python", "json"):
            raise ValueError(f"mode must be 'python' or 'json', not {mode!r}")
        adapter = _adapter_of(type_or_adapter)
        self.adapter = adapter

        def validate_slowly(data: bytes | str) -> Any:
            if mode == "json":
                return adapter.validate_json(data)
            text = data if isinstance(data, str) else data.decode()
            return adapter.validate_python(json.loads(text))

        def encode_slowly(message: Any) -> bytes:
            return adapter.dump_json(message)

        plan = _decode_plan(adapter, camelize=False, mode=mode)
        self.validate = _Decoder(plan, validate_slowly)
        self.encode = _Encoder(_encode_compiler(False), encode_slowly, as_bytes=True)


class FrameDecoder(_Decoder):
    """The fast path of a consumer: the text of a frame to its message.

    Called with a ``str``, it gives the message, or None when the frame has to take the slow path: because it is not an
    object, carries a key of the envelope (``version``, ``topic``, ``ref``, ``seq``), is invalid, or is valid in a way
    that only pydantic decides. It raises on no text.

    Args:
        adapter: The adapter of the consumer's messages.
        camelize: Keys come in camelCase and are turned to snake_case, as pyhumps does, before they are matched.
        limits: What a frame may hold. A frame beyond them takes the slow path.
        spell: Spells the fields of the plan's nodes; see ``chanx.core.field_nodes``.
    """

    def __init__(
        self,
        adapter: TypeAdapter[Any],
        *,
        camelize: bool = False,
        limits: FrameLimits | None = None,
        spell: Spell | None = None,
    ) -> None:
        plan = _decode_plan(adapter, camelize, spell=spell)
        super().__init__(plan, None, frames=True, limits=(limits or FrameLimits()).as_tuple())


class FrameEncoder(_Encoder):
    """The fast path of a consumer: a message to the text of its frame.

    Called with a message, it gives JSON text, or None when the message has to take the slow path. The text is, as a
    JSON value, what ``json.dumps(message.model_dump(mode="json"))`` gives, with the keys in the same order.

    Args:
        camelize: All keys, those of dicts too, are written in camelCase as pyhumps does.
        spell: Looks at a plan's nodes before its fields, and only those, are written in camelCase; see
            ``chanx.core.field_nodes``.
    """

    def __init__(self, *, camelize: bool = False, spell: Spell | None = None) -> None:
        super().__init__(_encode_compiler(camelize, spell), None, camelize=camelize)


def explain(message_type: Any) -> str:
    """Say what of a message type the native core handles, and what is left to pydantic, and why.

    Args:
        message_type: A model, a union, any type that pydantic knows, or a ``TypeAdapter``.

    Returns:
        For decoding, and for a model also for encoding, a line with the outcome and under it the tree of its parts.
    """
    adapter = _adapter_of(message_type)
    lines = _outcome("decode", lambda: _decode_nodes(adapter))
    if isinstance(message_type, type):
        lines += "\n" + _outcome("encode", lambda: _encode_nodes(cast("type[Any]", message_type)))
    return lines


def _outcome(direction: str, read: Callable[[], _Nodes]) -> str:
    try:
        nodes, root = read()
    except _schema.Unsupported as error:
        return f"{direction}: left to pydantic as a whole, because of {error}"
    foreign = _explain.left_to_pydantic(nodes)
    summary = "native" if not foreign else f"native but for {foreign} part{'s' if foreign > 1 else ''}"
    return f"{direction}: {summary}\n{_explain.render(nodes, root)}"
