"""Camel case for declared fields in the native plans: what ``FieldCase`` does to a message's keys, known beforehand.

A plan is spelt only where its result is sure to be that of ``FieldCase``; where it is not, the type keeps its long way.
"""

from typing import Any, Final, get_args, get_origin

from chanx._schema import Node, Unsupported
from chanx.core.field_case import (
    MAPPINGS,
    FieldCase,
    Fields,
    camel,
    choices_of,
    fields_of,
    item_type,
    plain,
)

_SCALARS: Final = {
    "any", "none", "bool", "int", "float", "str", "literal", "date", "time", "datetime", "duration", "uuid",
    "decimal", "bytes", "never",
}  # fmt: skip


class FieldNodes:
    """Spells the fields of plans as a :class:`FieldCase` would spell those of their messages.

    Args:
        case: What spells messages on the long way.
    """

    __slots__ = ("_case",)

    def __init__(self, case: FieldCase) -> None:
        self._case = case

    def incoming(self, nodes: list[Node], root: int) -> int:
        """Have the nodes of received messages match camel-case keys.

        Args:
            nodes: The nodes, changed in place.
            root: The index of the outermost one.

        Returns:
            The index of what is now the outermost one.

        Raises:
            Unsupported: The keys of some part cannot be known beforehand.
        """
        field = self._case.field
        if nodes[root]["kind"] != "union":
            message_type = _class_of(nodes, root)
            choices = dict.fromkeys(_values_of(message_type, field), root)
            nodes.append({"kind": "union", "discriminator": field, "choices": choices})
            root = len(nodes) - 1
        union = nodes[root]
        if union["discriminator"] != field:
            raise Unsupported("messages that are told apart by another field than the consumer's")
        speller = _Speller(nodes, outgoing=False)
        for value, index in union["choices"].items():
            message_type = self._case.type_of(value)
            if message_type is None or message_type is not _class_of(nodes, index):
                raise Unsupported(f"another message type with {field} {value!r}")
            speller.visit(index, message_type)
        union["spellings"] = sorted({camel(field)} - {field})
        return root

    def outgoing(self, nodes: list[Node], root: int) -> int:
        """Make sure that the nodes of a message to send may have the names of all fields in camel case.

        Args:
            nodes: The nodes, changed in place.
            root: The index of the outermost one.

        Returns:
            The index of the outermost one.

        Raises:
            Unsupported: The keys of some part cannot be known beforehand.
        """
        field, message_type = self._case.field, _class_of(nodes, root)
        for value in _values_of(message_type, field):
            if self._case.type_of(value) is not message_type:
                raise Unsupported(f"another message type with {field} {value!r}")
        for one in nodes[root]["fields"]:
            if one["name"] == field and nodes[one["node"]]["kind"] == "literal":
                # The value decides whose fields are spelt: no other than these may be written.
                exact = {"members": nodes[one["node"]]["expected"], "name": "literal"}
                nodes.append({**nodes[one["node"]], **exact})
                one["node"] = len(nodes) - 1
                break
        else:
            raise Unsupported(f"a message without {field}")
        _Speller(nodes, outgoing=True).visit(root, message_type)
        return root


class _Speller:
    """Walks nodes and the declared types of their values side by side."""

    def __init__(self, nodes: list[Node], *, outgoing: bool) -> None:
        self.nodes = nodes
        self.outgoing = outgoing
        self.seen: dict[int, list[Any]] = {}

    def visit(self, index: int, declared: Any) -> None:
        declared = plain(declared)
        if declared in self.seen.setdefault(index, []):
            return
        self.seen[index].append(declared)
        node = self.nodes[index]
        if "call" in node and node["kind"] not in ("foreign", "after") and _renames(declared):
            del node["call"]  # it would be given keys in camel case
        match node["kind"]:
            case "after" | "nullable":
                self.visit(node["first"], declared)
            case "list" | "collection":
                self.visit(node["first"], _each_item_type(declared))
            case "tuple":
                for at, item in enumerate(node["items"]):
                    self.visit(item, item_type(declared, at))
            case "dict":
                self._dict(node, declared)
            case "model":
                self._model(node, declared)
            case "union" | "choice":
                self._union(node, declared)
            case "foreign":
                if _renames(declared):
                    raise Unsupported("fields inside of a part that is left to pydantic")
                if "first" in node:
                    self.visit(node["first"], Any)
            case kind:
                if kind not in _SCALARS or (kind == "any" and _renames(declared)):
                    raise Unsupported(f"{kind} with fields")

    def _dict(self, node: Node, declared: Any) -> None:
        choices = choices_of(declared)
        if len(choices) > 1 and _renames(declared):
            raise Unsupported("a union of dicts and others")
        values = Any
        if len(choices) == 1 and get_origin(choices[0]) in MAPPINGS:
            values = (*get_args(choices[0]), Any, Any)[1]
        self.visit(node["second"], values)

    def _model(self, node: Node, declared: Any) -> None:
        choices = choices_of(declared)
        is_declared = any(choice is node["cls"] for choice in choices)
        if not is_declared and _renames(declared):
            raise Unsupported(f"{node['name']}: a part that is declared in another way")
        if len(choices) > 1 and _renames(declared):
            _require_agreement(choices, outgoing=self.outgoing)
            if node.get("keep_extra"):
                raise Unsupported(f"{node['name']}: a member of a union that keeps extra keys")
        if node.setdefault("is_declared", is_declared) is not is_declared:
            raise Unsupported(f"{node['name']}: a part that is declared in two ways")
        if "is_spelt" in node:
            return
        node["is_spelt"] = True
        fields = fields_of(node["cls"], outgoing=self.outgoing) if is_declared else {}
        for field in node["fields"]:
            spell = self._outgoing if self.outgoing else self._incoming
            self.visit(field["node"], spell(field, fields))
        if not self.outgoing and node.get("keep_extra"):
            known = {key for field in node["fields"] for key in (field["key"], *field.get("others", ()))}
            if any(wire != name and wire not in known for wire, (name, _) in fields.items()):
                raise Unsupported(f"{node['name']}: extra keys that are spelt like fields")

    def _incoming(self, field: Node, fields: Fields) -> Any:
        """Give a field all the keys that come to name it, and return its declared type."""
        if "paths" in field:
            raise Unsupported("an alias that is a path")
        keys: list[str] = [field["key"], *field.get("others", ())]
        spelt: list[str] = []
        declared: Any = Any
        for key in keys:
            # Camel case is what mostly comes.
            wires = [wire for wire, (name, _) in fields.items() if name == key and wire != key]
            if fields.get(key, (key, Any))[0] == key:
                wires.append(key)
            spelt += [wire for wire in wires if wire not in spelt]
            for wire in wires:
                found = fields.get(wire, (key, Any))[1]
                if declared is not Any and not _alike(declared, found):
                    raise Unsupported("keys that stand for different types")
                declared = found
        if not spelt:
            raise Unsupported("a field that no key names")
        field["key"], field["others"] = spelt[0], spelt[1:]
        if ("given" in field or "absent" in field) and _renames(declared):
            raise Unsupported("fields inside of a part that looks at others")
        return declared

    def _outgoing(self, field: Node, fields: Fields) -> Any:
        spelt, declared = fields.get(field["key"], (field["key"], Any))
        if spelt != camel(field["key"]):
            raise Unsupported("a field that keeps its name")
        return declared

    def _union(self, node: Node, declared: Any) -> None:
        members = node["choices"].values() if node["kind"] == "union" else node["items"]
        for index in members:
            self.visit(index, declared)
        if node["kind"] == "union":
            wires = {
                wire
                for choice in choices_of(declared)
                for wire, (name, _) in fields_of(choice, outgoing=False).items()
                if name == node["discriminator"]
            }
            node["spellings"] = sorted(wires - {node["discriminator"]})


def _require_agreement(choices: list[Any], *, outgoing: bool) -> None:
    """Each key has to mean the same whichever member of a union counts."""
    together: Fields = {}
    for choice in choices:
        if get_origin(choice) in MAPPINGS or choice in (Any, dict, object):
            raise Unsupported("a union of dicts and others")
        for key, found in fields_of(choice, outgoing=outgoing).items():
            name, declared = together.setdefault(key, found)
            if name != found[0] or not _alike(declared, found[1]):
                raise Unsupported(f"members of a union with different {key!r}")


def _alike(one: Any, other: Any) -> bool:
    """Whether values are spelt alike by either type."""
    return bool(one == other) or not (_renames(one) or _renames(other))


def _class_of(nodes: list[Node], index: int) -> Any:
    node = nodes[index]
    while node["kind"] == "after":
        node = nodes[node["first"]]
    if node["kind"] != "model":
        raise Unsupported("a message that is no model")
    return node["cls"]


def _values_of(message_type: Any, field: str) -> list[str]:
    declared = message_type.model_fields.get(field)
    values = list(get_args(declared.annotation)) if declared is not None else []
    if not values or any(type(value) is not str for value in values):
        raise Unsupported(f"a message whose {field} is no literal")
    return values


def _each_item_type(declared: Any) -> Any:
    """The type of all items of a list alike."""
    for choice in choices_of(declared):
        if get_origin(choice) is tuple and Ellipsis not in get_args(choice) and _renames(declared):
            raise Unsupported("a tuple where a list may be")
    return item_type(declared, 0)


def _renames(declared: Any, seen: frozenset[Any] = frozenset()) -> bool:
    """Whether some key in a value of this type may change its spelling."""
    if isinstance(declared, type) or hasattr(declared, "__value__"):  # what may contain itself
        if declared in seen:
            return False
        seen |= {declared}
    declared = plain(declared)
    for choice in choices_of(declared):
        if choice is not declared:
            if _renames(choice, seen):
                return True
            continue
        for name, (spelt, value) in fields_of(choice, outgoing=True).items():
            if spelt != name or _renames(value, seen):
                return True
        if any(_renames(argument, seen) for argument in get_args(choice)):
            return True
    return False
