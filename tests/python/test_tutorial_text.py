"""The tutorial's text and its projects say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial"
PROJECTS = TUTORIAL / "projects"
PAGES = {
    "part1": "part1-set-up.md",
    "part2": "part2-chat.md",
    "part3": "part3-assistants.md",
    "part4": "part4-notifications.md",
}

# A block under a line such as **`chat/messages.py`** shows that file, or lines of it.
_SHOWN = re.compile(r"^\*\*`(?P<path>[\w/]+\.\w+)`\*\*\n\n```\w+\n(?P<code>.*?)^```", re.M | re.S)


def run_checkout(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, TUTORIAL / "checkout.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("part", PAGES)
def test_code_in_the_text_is_the_code_of_the_checkpoint(part, tmp_path):
    assert run_checkout(part, tmp_path).returncode == 0
    text = (TUTORIAL / PAGES[part]).read_text()
    shown = {match["path"]: match["code"] for match in _SHOWN.finditer(text)}
    for path, code in shown.items():
        root = tmp_path if (tmp_path / path).exists() else tmp_path / "chanx_django"
        file = (root / path).read_text()
        for piece in re.split(r"^\.\.\.\n", code, flags=re.M):
            assert piece.strip("\n") in file, f"{PAGES[part]} shows other code than {path}"
    new = {
        file.relative_to(PROJECTS / part).as_posix().removesuffix(".append").removeprefix("chanx_django/")
        for file in (PROJECTS / part).rglob("*.py*")
        if file.suffix in (".py", ".append") and file.read_text().strip()
    }
    if part != "part1":  # which comes with pages and settings that the text only tours
        assert new - {"requirements.txt"} <= set(shown), f"{PAGES[part]} does not show every file"


def test_no_file_of_a_part_is_the_same_as_before():
    seen: dict[Path, bytes] = {}
    for part in PAGES:
        for file in sorted((PROJECTS / part).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(PROJECTS / part)
                assert seen.get(name) != file.read_bytes(), f"{part} repeats {name}"
                seen[name] = file.read_bytes()


def test_checkout_does_not_touch_a_directory_with_something_in_it(tmp_path):
    (tmp_path / "precious").write_text("mine")
    done = run_checkout("part1", tmp_path)
    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["precious"]


def test_checkout_names_the_parts_there_are(tmp_path):
    done = run_checkout("part9", tmp_path / "new")
    assert done.returncode == 2
    assert "part4" in done.stderr


def test_a_later_part_has_the_files_of_the_earlier_ones(tmp_path):
    assert run_checkout("part3", tmp_path).returncode == 0
    for path in ("manage.py", "chat/consumers/chat_consumer.py", "assistants/messages.py"):
        assert (tmp_path / "chanx_django" / path).is_file()
    assert (tmp_path / "requirements.txt").read_text().splitlines()[-1] == "langchain-openai"
    assert not list(tmp_path.rglob("*.append"))
