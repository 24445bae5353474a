"""YAML text of plain data, without a YAML library.

Documents consist of dictionaries, lists, strings, numbers, booleans and None only, and every string of JSON
is a valid double-quoted scalar of YAML 1.2: that is all there is to write.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
# Characters that JSON lets stand and YAML does not, or takes for line breaks.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
# Plain scalars that some parser takes for something other than text.
_RESERVED = {"true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"}


def to_yaml(document: Any) -> str:
    """Write data as YAML.

    Args:
        document: What could be written as JSON.

    Returns:
        The text, with a line break at its end.
    """
    return "\n".join(_lines(document, "")) + "\n"


def _lines(node: Any, indent: str) -> Iterator[str]:
    if isinstance(node, dict) and node:
        for key, value in cast("Mapping[Any, Any]", node).items():
            yield from _entry(f"{indent}{_scalar(str(key))}:", value, indent + "  ")
    elif isinstance(node, list | tuple) and node:
        for item in cast("Sequence[Any]", node):
            first, *rest = _lines(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
    else:
        yield indent + _scalar(node)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
