"""tools/test.py: a failure is a failure, and a test that fails only beside others is named."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "test.py"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("chanx_test_runner", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for folder, body in (
        ("steady", "assert True"),
        ("wrong", "assert False"),
        # Fails the first time only, as a test does that another one starved.
        ("unsteady", "import pathlib; mark = pathlib.Path(__file__).with_name('mark'); "
                     "again = mark.exists(); mark.touch(); assert again"),
    ):  # fmt: skip
        place = tmp_path / folder
        place.mkdir()
        (place / f"test_{folder}.py").write_text(
            f"def test_one():\n    {body}\n\ndef test_two():\n    pass\n"
        )
    monkeypatch.setattr(
        module,
        "PARTS",
        {name: (*module.PYTEST, str(tmp_path / name)) for name in ("steady", "wrong", "unsteady")},
    )
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "LOGS", tmp_path / "build" / "test-logs")
    for name in ("PYTEST_ADDOPTS", "DJANGO_SETTINGS_MODULE"):  # of the pytest that runs this
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # half of the time
    return module


def run(runner: ModuleType, monkeypatch: pytest.MonkeyPatch, *parts: str) -> int:
    monkeypatch.setattr(sys, "argv", ["test.py", *parts])
    monkeypatch.chdir(runner.ROOT)
    result: int = runner.main()
    return result


def test_a_fault_fails_again_and_the_run_with_it(runner, monkeypatch, capsys):
    assert run(runner, monkeypatch, "steady", "wrong") == 1
    printed = capsys.readouterr().out
    assert "FAILED: wrong" in printed
    assert "wrong-again: FAILED" in printed


def test_a_test_that_passes_alone_is_named(runner, monkeypatch, capsys):
    assert run(runner, monkeypatch, "steady", "unsteady") == 0
    printed = capsys.readouterr().out
    assert "UNSTEADY: unsteady/test_unsteady.py::test_one" in printed
    assert "1 failed, 1 passed" in printed  # the first run's whole log
    assert "every part passed" in printed


def test_many_failures_are_not_tried_again(runner, monkeypatch, capsys):
    monkeypatch.setattr(runner, "MOST_TRIED_AGAIN", 0)
    assert run(runner, monkeypatch, "unsteady") == 1
    assert "unsteady-again" not in capsys.readouterr().out
