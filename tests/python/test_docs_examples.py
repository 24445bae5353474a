"""The Python examples of documentation pages run: each page is one module, its tests included."""

import asyncio
import inspect
import re
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ["asyncapi", "authentication", "consumers", "routing", "testing"]

pytestmark = pytest.mark.django_db(transaction=True)


def run_page(name: str) -> ModuleType:
    """Run the examples of a page in order, as one module; errors point into the page."""
    path = DOCS / f"{name}.md"
    text = path.read_text()
    module = ModuleType(f"docs_{name}")
    for block in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        lines_before = text.count("\n", 0, block.start(1))
        code = compile("\n" * lines_before + block[1], str(path), "exec", dont_inherit=True)
        exec(code, vars(module))
    return module


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run(name: str) -> None:
    module = run_page(name)
    assert any(inspect.isclass(found) for found in vars(module).values()), "no example was found"


async def test_the_tests_of_the_testing_page_pass() -> None:
    module = await asyncio.to_thread(run_page, "testing")
    tests: list[Any] = [
        found
        for found_name, found in vars(module).items()
        if found_name.startswith("test_") and inspect.iscoroutinefunction(found)
    ]
    assert len(tests) == 3
    for test in tests:
        await test()


def test_the_test_case_of_the_testing_page_passes() -> None:
    module = run_page("testing")
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.BellCase)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.errors
