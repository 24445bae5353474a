"""The documentation builds as a site, the reference from the docstrings, without a warning."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_site_builds_without_warnings(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(ROOT / "docs")]
    done = subprocess.run([*build, str(tmp_path)], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "reference" / "consumers.html").read_text()
    assert "broadcast_message" in reference
    assert "Send a message to the client." in reference
