"""Importing fails, and says why, where the distribution chanx is installed beside this one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "python" / "chanx"


def import_beside(site: Path, *directories: str) -> subprocess.CompletedProcess[str]:
    """Import a copy of the package from a directory that holds these installations as well."""
    (site / "chanx").mkdir(parents=True)
    for name in ("__init__.py", "_installation.py"):
        shutil.copy(PACKAGE / name, site / "chanx")
    for name in directories:
        (site / name).mkdir()
    return subprocess.run(
        [sys.executable, "-c", "import chanx; print(chanx.__version__)"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(site)},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("other", ["chanx-2.13.0.dist-info", "chanx-1.1.0.egg-info"])
def test_the_other_distribution_is_named_with_the_way_out(tmp_path: Path, other: str) -> None:
    done = import_beside(tmp_path, "chanx_native-0.1.0.dist-info", other)
    assert done.returncode == 1
    assert f"chanx {other.split('-')[1].rsplit('.', 1)[0]} is installed beside" in done.stderr
    assert "pip uninstall chanx" in done.stderr
    assert "pip install --force-reinstall --no-deps chanx-native" in done.stderr


def test_other_names_are_no_obstacle(tmp_path: Path) -> None:
    done = import_beside(
        tmp_path, "chanx_native-0.1.0.dist-info", "chanx_kit-1.0.dist-info", "chanxx-1.0.dist-info"
    )
    assert done.returncode == 0, done.stderr
