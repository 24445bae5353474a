"""Reads pydantic's core schema into the nodes that the native core compiles.

Whatever is not known here, a schema type or even a single key of a schema, is left to pydantic: the core never
guesses what a schema means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, cast

from chanx import _parts

Schema: TypeAlias = Mapping[str, Any]
Node: TypeAlias = dict[str, Any]
Purpose: TypeAlias = Literal["decode", "encode"]
Mode: TypeAlias = Literal["python", "json"]

# Keys that never change what is accepted or built.
_NEUTRAL = {"type", "ref", "metadata"}
# Strict, these accept of JSON what they accept without conversion.
_ALIKE_WHEN_STRICT = {"any", "none", "bool", "int", "float", "str", "literal", "nullable", "list", "dict"}


class Unsupported(Exception):
    """A part of a schema that the core leaves to pydantic; the message says which and why."""


class Ambiguous(Unsupported):
    """A definition that depends on a configuration, used where another one may count than around the whole."""


def read(
    schema: Schema, purpose: Purpose, *, config: Schema, mode: Mode = "python"
) -> tuple[list[Node], int]:
    """Read a core schema.

    Args:
        schema: What ``TypeAdapter.core_schema`` or ``Model.__pydantic_core_schema__`` holds.
        purpose: ``"decode"`` for building messages, ``"encode"`` for writing them.
        config: The configuration that pydantic's own validator or serializer of the schema was made with.
        mode: Whether values are decoded as pydantic's ``validate_python`` or its ``validate_json`` would.

    Returns:
        The nodes, and the index of the outermost one. Parts that are not known here are nodes of the kind
        ``"foreign"``, handed to pydantic in their place.

    Raises:
        Unsupported: The outermost part is not known here.
    """
    reader = Reader(purpose, mode, config)
    root = reader.read(schema, config)
    _require_whole(reader.nodes, root)
    if reader.nodes[root]["kind"] == "foreign":
        raise Unsupported(reader.nodes[root]["reason"])
    return reader.nodes, root


def config_of(schema: Schema) -> Schema:
    """The configuration of the model or dataclass that a schema is of; empty for another one."""
    definitions: dict[str, Schema] = {}
    while True:
        kind = str(schema.get("type"))
        if kind == "definitions":
            definitions.update({one["ref"]: one for one in schema["definitions"]})
            schema = schema["schema"]
        elif kind == "definition-ref":
            schema = definitions.get(schema["schema_ref"], {})
        elif kind.startswith("function-") and "schema" in schema:
            schema = schema["schema"]
        else:
            return cast(Schema, (schema.get("config") if kind in ("model", "dataclass") else None) or {})


def children(node: Node) -> list[int]:
    """The indexes of the nodes directly inside a node."""
    match node["kind"]:
        case "list" | "nullable" | "collection" | "after":
            return [node["first"]]
        case "dict":
            return [node["first"], node["second"]]
        case "model":
            return [field["node"] for field in node["fields"]]
        case "union":
            return list(node["choices"].values())
        case "tuple" | "choice":
            return list(node["items"])
        case "foreign":
            return [node["first"]] if "first" in node else []
        case _:
            return []


def require_utf8(text: str) -> None:
    """Refuse a name that no JSON document can hold.

    Raises:
        Unsupported: It has a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unsupported("a name with a lone surrogate") from None


def _require_whole(nodes: list[Node], root: int) -> None:
    # A recursive type may have been referred to before it turned out that it cannot be read.
    reachable: set[int] = set()
    pending = [root]
    while pending:
        index = pending.pop()
        if index not in reachable:
            reachable.add(index)
            if nodes[index]["kind"] == "broken":
                raise Unsupported(nodes[index]["reason"])
            pending.extend(children(nodes[index]))
    for index in range(len(nodes)):
        if index not in reachable:
            nodes[index] = {"kind": "any"}


ReadPart: TypeAlias = "Callable[[Reader, Schema, Schema], Node]"


class Reader:
    """Turns one schema into nodes.

    Attributes:
        nodes: The nodes so far; they name each other by their index here.
        decoding: Whether it is about building values, not writing them.
        mode: As for :func:`read`.
    """

    def __init__(self, purpose: Purpose, mode: Mode, config: Schema) -> None:
        from chanx import _schema_containers, _schema_models, _schema_values

        self.nodes: list[Node] = []
        self.decoding = purpose == "decode"
        self.mode = mode
        self._config = config
        self._definitions: dict[str, Schema] = {}
        self._by_ref: dict[str, int] = {}
        self._readers: dict[str, ReadPart] = {
            **_schema_values.READERS,
            **_schema_containers.READERS,
            **_schema_models.READERS,
        }

    def read(self, schema: Schema, config: Schema) -> int:
        """Read a part.

        Args:
            schema: Its core schema.
            config: The configuration of the model around it.

        Returns:
            The index of its node.
        """
        outer, refs = schema, list[str]()
        while True:
            kind = schema.get("type")
            if kind == "definitions":
                self.only(schema, {"definitions", "schema"})
                for one in schema["definitions"]:
                    self._definitions[one["ref"]] = one
                schema = schema["schema"]
                continue
            if kind == "definition-ref" or schema.get("ref") in self._by_ref:
                index = self._referred(schema, config)
                self._by_ref.update(dict.fromkeys(refs, index))
                return index
            if schema.get("ref") is not None:
                refs.append(schema["ref"])
            inner = self._unwrapped(schema, config)
            if inner is None:
                break
            schema = inner
        index = self.add({})
        self._by_ref.update(dict.fromkeys(refs, index))
        try:
            self.nodes[index] = self._part(schema, config)
        except Unsupported as error:
            self.nodes[index] = {"kind": "broken", "reason": str(error)}
            if isinstance(error, Ambiguous) and self._differs(config):
                raise
            self.nodes[index] = self.foreign(outer, config, error)
        return index

    def add(self, node: Node) -> int:
        """Append a node and return its index."""
        self.nodes.append(node)
        return len(self.nodes) - 1

    def only(self, schema: Schema, known: set[str]) -> None:
        """Refuse a schema with keys that are not known.

        Raises:
            Unsupported: It has one, or is strict where that matters, or has a serializer while encoding.
        """
        if schema.get("strict") and self.decoding and schema.get("type") not in _ALIKE_WHEN_STRICT:
            raise Unsupported("strict mode")
        if not self.decoding and schema.get("serialization") is not None:
            raise Unsupported("a custom serializer")
        unknown = set(schema) - known - _NEUTRAL - {"strict", "serialization"}
        unknown = {key for key in unknown if schema[key] is not None and schema[key] is not False}
        if unknown:
            raise Unsupported(f"{schema.get('type')!r} with {', '.join(sorted(map(str, unknown)))}")

    def with_fallback(self, node: Node, schema: Schema, config: Schema) -> Node:
        """Have pydantic called for the values of a part that the core is not sure about."""
        handler = self.handler(schema, config)
        if handler is None:
            raise Unsupported(f"{schema.get('type')!r} that depends on what surrounds it")
        node["call"] = handler
        if _parts.is_pure(schema, self._definitions):
            node["pure"] = True
        return node

    def handler(self, schema: Schema, config: Schema) -> Callable[[Any], Any] | None:
        """Pydantic's own validator or serializer of a part; None for one that cannot be handled alone."""
        if self._differs(config) and not _parts.has_own_configurations(schema, self._definitions):
            raise Ambiguous("a definition that depends on the configuration around it")
        return _parts.handler(schema, config, self._definitions, self.decoding, self.mode)

    def field_handler(
        self, name: str, schema: Schema, config: Schema
    ) -> Callable[[dict[str, Any], Any], Any]:
        """Pydantic's own validator of one field, called with the fields before it and the value."""
        if self.mode == "json":
            raise Unsupported("a validator that looks at other fields")
        if self._differs(config) and not _parts.has_own_configurations(schema, self._definitions):
            raise Ambiguous("a definition that depends on the configuration around it")
        handler = _parts.field_handler(name, schema, config, self._definitions)
        if handler is None:
            raise Unsupported("a validator that looks at other fields")
        return handler

    def read_json(self, schema: Schema, config: Schema) -> tuple[list[Node], int]:
        """Read what a string holds that is JSON itself: its values are validated as by ``validate_json``."""
        reader = Reader("decode", "json", config)
        reader._definitions = self._definitions
        root = reader.read(schema, config)
        _require_whole(reader.nodes, root)
        return reader.nodes, root

    def is_pure(self, schema: Schema) -> bool:
        """Whether validating a part runs no code of the application."""
        return _parts.is_pure(schema, self._definitions)

    def foreign(self, schema: Schema, config: Schema, reason: Unsupported) -> Node:
        """A part that pydantic handles, called in its place.

        Raises:
            Unsupported: It cannot be handled alone.
        """
        call = self.handler(schema, config)
        if call is None:
            raise reason
        node: Node = {"kind": "foreign", "call": call, "reason": str(reason)}
        if self.decoding and _parts.is_pure(schema, self._definitions):
            node["pure"] = True
        return node

    def _part(self, schema: Schema, config: Schema) -> Node:
        if not self.decoding and schema.get("serialization") is not None:
            return self._serializer(schema, config)
        reader = self._readers.get(str(schema.get("type")))
        if reader is None:
            raise Unsupported(f"schema type {schema.get('type')!r}")
        return reader(self, schema, config)

    def _differs(self, config: Schema) -> bool:
        return _parts.effective(config) != _parts.effective(self._config)

    def _referred(self, schema: Schema, config: Schema) -> int:
        """The node of something that has a name."""
        ref = schema["schema_ref"] if schema.get("type") == "definition-ref" else schema["ref"]
        if schema.get("type") == "definition-ref":
            self.only(schema, {"schema_ref"})
        if ref in self._by_ref:
            if self._differs(config) and not _parts.has_own_configuration(self._definitions.get(ref, schema)):
                raise Ambiguous("a definition that depends on the configuration around it")
            index = self._by_ref[ref]
            if self.nodes[index].get("kind") == "broken":
                raise Unsupported(self.nodes[index]["reason"])
            return index
        if ref not in self._definitions:
            raise Unsupported(f"the definition {ref!r} is missing")
        target = self._definitions[ref]
        if target.get("type") == "definition-ref":
            # Each use of a definition counts towards pydantic's recursion limit; chains of them are not followed.
            raise Unsupported("a definition that only names another one")
        # Pydantic's validator of a model inside knows its definitions under that model's configuration, unless it
        # was built again with the whole; that is not decided here.
        if self._differs(config) and not _parts.has_own_configuration(target):
            raise Ambiguous("a definition that depends on the configuration around it")
        return self.read(target, config)

    def _unwrapped(self, schema: Schema, config: Schema) -> Schema | None:
        """What a schema comes down to, when it only says which of several applies."""
        kind = schema.get("type")
        if schema.get("strict") or config.get("strict"):
            return None
        if self.decoding:
            if kind == "lax-or-strict":
                return cast(Schema, schema["lax_schema"])
            if kind == "json-or-python":
                return cast(Schema, schema["json_schema" if self.mode == "json" else "python_schema"])
            return None
        if schema.get("serialization") is not None:
            return None
        if kind == "lax-or-strict":
            return cast(Schema, schema["strict_schema"])
        if kind == "json-or-python":
            return cast(Schema, schema["json_schema"])
        if kind == "json":
            return cast(Schema, schema.get("schema") or {"type": "any"})
        if kind in ("function-before", "function-after", "function-wrap", "default"):
            return cast(Schema, schema["schema"])
        return None

    def _serializer(self, schema: Schema, config: Schema) -> Node:
        """A function of the application that makes what is written."""
        how: Schema = schema["serialization"]
        if (
            how.get("type") != "function-plain"
            or how.get("info_arg")
            or how.get("when_used", "always") not in ("always", "json", "unless-none", "json-unless-none")
            or set(how)
            - {"type", "function", "info_arg", "is_field_serializer", "when_used", "return_schema"}
        ):
            raise Unsupported("a custom serializer")
        node: Node = {
            "kind": "foreign",
            "form": "method" if how.get("is_field_serializer") else "function",
            "call": how["function"],
            "first": self.read(how.get("return_schema") or {"type": "any"}, config),
            "reason": f"the serializer {getattr(how['function'], '__name__', how['function'])!r}",
            "native": True,
        }
        if str(how.get("when_used", "")).endswith("unless-none"):
            node["skip_none"] = True
        return node
