"""tools/frontend.sh: what it builds, and that it does nothing a second time."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("node_modules", "dist")


@pytest.fixture
def checkout(frontend, tmp_path):
    """A checkout with the packages of this one."""
    shutil.copytree(ROOT / "frontend", tmp_path / "frontend", ignore=LEFT_OUT)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "frontend.sh", tmp_path / "tools")
    (tmp_path / "sandbox_django" / "static").mkdir(parents=True)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "frontend" / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    return tmp_path


def build(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "tools" / "frontend.sh"), "build"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def script_of(checkout: Path) -> Path:
    static = checkout / "sandbox_django" / "static" / "ai-chat"
    manifest = json.loads((static / "manifest.json").read_text())
    return static / manifest["src/main.tsx"]["file"]


def test_the_page_is_built_when_a_source_has_changed_and_only_then(checkout):
    first = build(checkout)
    assert first.returncode == 0, first.stderr
    assert "building the AI chat page" in first.stdout
    script = script_of(checkout)
    assert script.stat().st_size > 100_000

    # Nothing to do: neither npm nor its packages are needed.
    (checkout / "frontend" / "node_modules").unlink()
    second = build(checkout)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert script_of(checkout) == script

    (checkout / "frontend" / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    view = checkout / "frontend" / "src" / "components" / "Chat.tsx"
    view.write_text(view.read_text().replace("Choose a chat", "Pick a chat"))
    assert build(checkout).returncode == 0
    assert script_of(checkout) != script, "the changed file has the old name"
    assert not script.exists()
    assert "Pick a chat" in script_of(checkout).read_text()


def test_a_source_that_does_not_compile_is_named_and_the_page_stays(checkout):
    assert build(checkout).returncode == 0
    script = script_of(checkout)
    (checkout / "frontend" / "src" / "config.ts").write_text("export const = 1;")
    failed = build(checkout)
    assert failed.returncode == 1
    assert "config.ts" in failed.stderr
    assert "vite could not build" in failed.stderr
    assert script_of(checkout) == script
