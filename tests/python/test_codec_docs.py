"""The examples of docs/validation.md run and print what the page says."""

import doctest
from pathlib import Path


def test_the_examples_of_the_validation_page_are_true():
    page = Path(__file__).parents[2] / "docs" / "validation.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 5
    assert failed == 0
