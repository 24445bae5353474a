"""Reading path parameters out of the three notations for them: Django's, Starlette's and regular expressions."""

import re
from collections.abc import Callable, Iterator
from typing import Any

REGEX_PARAM_PATTERN = r"\(\?P<([^>]+)>([^)]+)\)"
DJANGO_PARAM_PATTERN = r"<(\w+):(\w+)>"
STARLETTE_PARAM_PATTERN = r"\{(\w+)(?::(\w+))?\}"

_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>")
_DJANGO_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_QUANTIFIER = re.compile(r"[*+?]\??|\{\d+(?:,\d*)?\}\??")
_STARLETTE_PARAMETER = re.compile(r"\{([A-Za-z_]\w*)(?::(\w+))?\}")


def get_pattern_string_and_params(route: Any) -> tuple[str, dict[str, str] | None]:
    """Read a route's path and its parameters.

    Args:
        route: A Django or Channels pattern, or anything whose text is the path.

    Returns:
        The path without the anchors of a regular expression, and the kind of each parameter (a
        converter's name, or a regular expression), None without parameters.
    """
    text = str(getattr(route, "pattern", route))
    return strip_anchors(text), extract_path_parameters(text) or None


def strip_anchors(pattern: str) -> str:
    r"""Take ``^`` from the start and an unescaped ``$`` or ``\Z`` from the end of a pattern."""
    start = 1 if pattern.startswith("^") else 0
    for anchor in ("$", r"\Z", r"\z"):
        rest = pattern.removesuffix(anchor)
        if rest != pattern and (len(rest) - len(rest.rstrip("\\"))) % 2 == 0:
            return rest[start:]
    return pattern[start:]


def extract_path_parameters(pattern: str) -> dict[str, str]:
    r"""Find the parameters of a path.

    Args:
        pattern: For example ``chat/<str:room>/``, ``/items/{id:int}`` or ``(?P<year>\d{4})/``.

    Returns:
        The converter or the regular expression of each parameter by its name; ``str`` where the
        path names none.
    """
    parameters: dict[str, str] = {}

    def keep(name: str, kind: str) -> str:
        parameters[name] = kind
        return ""

    _replace_parameters(pattern, keep)
    return parameters


def template_path(pattern: str) -> str:
    """Write a path with every parameter as ``{name}``, as AsyncAPI addresses have them."""
    return _replace_parameters(pattern, lambda name, _kind: f"{{{name}}}")


def _replace_parameters(pattern: str, replace: Callable[[str, str], str]) -> str:
    """Replace each parameter by what ``replace(name, kind)`` returns.

    Groups are matched by counting parentheses: a regular expression within a parameter may have
    groups of its own, which no single regular expression can find the end of.
    """
    return "".join(_pieces(pattern, replace))


def _pieces(pattern: str, replace: Callable[[str, str], str]) -> Iterator[str]:
    position = 0
    while position < len(pattern):
        if group := _NAMED_GROUP.match(pattern, position):
            end = _group_end(pattern, group.end())
            yield replace(group[1], pattern[group.end() : end])
            position = end + 1
            if quantifier := _QUANTIFIER.match(pattern, position):
                position = quantifier.end()
        elif django := _DJANGO_PARAMETER.match(pattern, position):
            yield replace(django[2], django[1] or "str")
            position = django.end()
        elif starlette := _STARLETTE_PARAMETER.match(pattern, position):
            yield replace(starlette[1], starlette[2] or "str")
            position = starlette.end()
        else:
            yield pattern[position]
            position += 1


def _group_end(pattern: str, start: int) -> int:
    """Position of the parenthesis that closes the group whose content begins at ``start``."""
    depth, position, in_class = 1, start, False
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            # A bracket that comes first in a class is one of its members.
            if pattern[position + 1 : position + 2] == "^":
                position += 1
            if pattern[position + 1 : position + 2] == "]":
                position += 1
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return position
        position += 1
    return len(pattern)
