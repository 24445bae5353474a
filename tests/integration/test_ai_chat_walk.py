"""The integration of docs/ai-chat.md from top to bottom, every command and frame as written."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_command_and_frame_of_the_page_works_as_written(tmp_path):
    program = str(ROOT / "tests" / "support" / "ai_chat_walk.py")
    done = subprocess.run(
        [sys.executable, program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("walked\n")
