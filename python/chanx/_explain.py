"""The tree that `chanx.explain` prints: which parts of a message type are native, and which are left to pydantic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chanx import _schema

_CONTAINERS = {"set": "set", "frozen_set": "frozenset", "tuple": "tuple"}
_SHOWN = {"model", "union", "foreign", "list", "dict", "nullable", "collection", "tuple", "choice", "after"}


def render(nodes: list[_schema.Node], root: int) -> str:
    """Draw the nodes of a message type, one line each, parts indented under what holds them.

    Args:
        nodes: As ``_schema.read`` gives them.
        root: The index of the outermost node.

    Returns:
        The lines, without a newline at the end. A model that was drawn before is only named.
    """
    return "\n".join(_Tree(nodes).lines(root, "", 0))


def left_to_pydantic(nodes: list[_schema.Node]) -> int:
    """Count the parts that pydantic handles."""
    return sum(node["kind"] == "foreign" and not node.get("native") for node in nodes)


class _Tree:
    def __init__(self, nodes: list[_schema.Node]) -> None:
        self.nodes = nodes
        self.drawn: set[int] = set()

    def lines(self, index: int, label: str, depth: int) -> Iterator[str]:
        node = self.nodes[index]
        again = index in self.drawn and bool(self._parts(node))
        yield "  " * depth + label + self._describe(node) + (" (see above)" if again else "")
        if again:
            return
        self.drawn.add(index)
        for name, child in self._parts(node):
            yield from self.lines(child, f"{name}: ", depth + 1)

    def _parts(self, node: _schema.Node) -> list[tuple[str, int]]:
        match node["kind"]:
            case "model":
                return [(field["name"], field["node"]) for field in node["fields"]]
            case "union":
                return list(node["choices"].items())
            case "list" | "collection":
                return [("items", node["first"])] if self._is_worth_a_line(node["first"]) else []
            case "dict":
                return [("values", node["second"])] if self._is_worth_a_line(node["second"]) else []
            case "nullable":
                return [("not None", node["first"])] if self._is_worth_a_line(node["first"]) else []
            case "after":
                return [("of", node["first"])] if self._is_worth_a_line(node["first"]) else []
            case "tuple" | "choice":
                return [(str(place), item) for place, item in enumerate(node["items"], 1)]
            case _:
                return []

    def _is_worth_a_line(self, index: int) -> bool:
        return self.nodes[index]["kind"] in _SHOWN

    def _describe(self, node: _schema.Node) -> str:
        kind: str = node["kind"]
        if kind == "foreign":
            if "parsed" in node:
                nodes, root = node["parsed"]
                return f"JSON text of {_Tree(nodes).short(root)}, native, the rest left to pydantic"
            if node.get("native"):
                return f"{node['reason']}, called directly"
            return f"left to pydantic, because of {node['reason']}"
        rest = ", the rest left to pydantic" if "call" in node and kind != "after" else ""
        return f"{self._native(node)}, native{rest}"

    def _native(self, node: _schema.Node) -> str:
        kind: str = node["kind"]
        match kind:
            case "model":
                return str(node["name"])
            case "union":
                return f"union by {node['discriminator']!r}"
            case "choice":
                return "union from left to right" if node.get("left_to_right") else "union"
            case "list" | "nullable":
                return f"{'list' if kind == 'list' else 'optional'} of {self.short(node['first'])}"
            case "collection":
                return f"{_CONTAINERS[node['form']]} of {self.short(node['first'])}"
            case "tuple":
                return "named tuple" if node.get("form") == "named_tuple" else "tuple"
            case "dict":
                keys = self.short(node["first"])
                by = "" if keys in ("str", "any") else f" by {keys}"
                return f"dict of {self.short(node['second'])}{by}"
            case "after":
                return f"{self.short(node['first'])}, then {self._then(node)}"
            case _:
                return self._name(node)

    def _then(self, node: _schema.Node) -> str:
        if node["form"] == "root_model":
            return str(node["name"])
        if node["form"] == "post_init":
            return str(node["call"])
        called: Any = node["call"]
        return str(getattr(called, "__name__", called))

    def _name(self, node: _schema.Node) -> str:
        if node["kind"] == "literal" and "members" in node:
            return str(node["name"])
        kind: str = node["kind"]
        return {"duration": "timedelta", "never": "not in JSON"}.get(kind, kind)

    def short(self, index: int) -> str:
        node = self.nodes[index]
        match node["kind"]:
            case "model":
                return str(node["name"])
            case "foreign":
                return "JSON text" if "parsed" in node else "parts left to pydantic"
            case "collection":
                return _CONTAINERS[node["form"]]
            case "choice":
                return "union"
            case _:
                return self._name(node)
