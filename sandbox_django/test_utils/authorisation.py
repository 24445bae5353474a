"""The tables of docs/authorisation.md, whose every cell is a test."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "authorisation.md"


@cache
def _tables() -> dict[str, list[list[str]]]:
    """Heading to rows; the first row holds the names of the columns."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|") and not line.startswith("|---"):
            row = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(heading, []).append(row)
    return found


def table(heading: str) -> dict[str, dict[str, str]]:
    """What the document says under a heading: operation to actor to answer."""
    (_, *actors), *rows = _tables()[heading]
    return {operation: dict(zip(actors, answers, strict=True)) for operation, *answers in rows}


def every_cell(heading: str, where: Callable[[str], bool] = lambda operation: True) -> pytest.MarkDecorator:
    """Runs a test once for each cell of a table's chosen rows, with `operation`, `actor` and `answer`."""
    cells = [
        pytest.param(operation, actor, answer, id=f"{operation}-{actor}")
        for operation, row in table(heading).items()
        if where(operation)
        for actor, answer in row.items()
    ]
    return pytest.mark.parametrize(("operation", "actor", "answer"), cells)
