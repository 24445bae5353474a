"""The tree that `chanx.explain` prints: which parts of a message type are native, and which are left to pydantic."""

from __future__ import annotations

from collections.abc import Iterator

from chanx import _schema


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
    return sum(node["kind"] == "foreign" for node in nodes)


class _Tree:
    def __init__(self, nodes: list[_schema.Node]) -> None:
        self.nodes = nodes
        self.drawn: set[int] = set()

    def lines(self, index: int, label: str, depth: int) -> Iterator[str]:
        node = self.nodes[index]
        again = node["kind"] == "model" and index in self.drawn
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
            case "list":
                return [("items", node["first"])] if self._is_worth_a_line(node["first"]) else []
            case "dict":
                return [("values", node["second"])] if self._is_worth_a_line(node["second"]) else []
            case "nullable":
                return [("not None", node["first"])] if self._is_worth_a_line(node["first"]) else []
            case _:
                return []

    def _is_worth_a_line(self, index: int) -> bool:
        return self.nodes[index]["kind"] in ("model", "union", "foreign", "list", "dict", "nullable")

    def _describe(self, node: _schema.Node) -> str:
        kind: str = node["kind"]
        if kind == "foreign":
            return f"left to pydantic, because of {node['reason']}"
        if kind == "model":
            return f"{node['cls'].__name__}, native"
        if kind == "union":
            return f"union by {node['discriminator']!r}, native"
        if kind in ("list", "nullable"):
            return f"{'list' if kind == 'list' else 'optional'} of {self._short(node['first'])}, native"
        if kind == "dict":
            return f"dict of {self._short(node['second'])}, native"
        return f"{kind}, native"

    def _short(self, index: int) -> str:
        node = self.nodes[index]
        if node["kind"] == "model":
            return str(node["cls"].__name__)
        return "parts left to pydantic" if node["kind"] == "foreign" else str(node["kind"])
