"""The wheel is what users get, so it is built and installed into an environment that has nothing of this tree."""

import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.timeout(900)  # the wheel is compiled


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    build = [str(ROOT / "tools" / "wheel.sh"), str(directory)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (path,) = directory.glob("chanx_native-*.whl")
    return path


def test_wheel_holds_the_core_its_types_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("chanx/_core.") and name.endswith(".so") for name in names)
    assert {"chanx/py.typed", "chanx/_core.pyi", "chanx/__init__.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    folders = ("chanx/", "chanx_native-", "chanx_native.libs/")
    assert not [name for name in names if not name.startswith(folders)]


@pytest.mark.skipif(sys.platform != "linux", reason="the release workflow has delocate do it on macOS")
def test_wheel_carries_the_libraries_it_was_built_with(wheel: Path) -> None:
    names = [name.partition("/")[2] for name in zipfile.ZipFile(wheel).namelist() if ".libs/lib" in name]
    carried = sorted({re.split(r"[-.]", name)[0] for name in names})
    assert carried == ["libcrypto", "libhiredis", "libsimdjson", "libssl"]
    assert "manylinux" in wheel.name


def test_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(python), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=500,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    # Channels needs daphne for its testing package.
    run("-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[channels]", "daphne")
    # Between the two are lines of the log.
    answer, *_, location = run(str(ROOT / "tools" / "wheel_smoke.py")).splitlines()
    assert answer == "{'action': 'pong', 'payload': None}"
    assert Path(location).is_relative_to(tmp_path)


def test_sdist_holds_everything_that_a_build_needs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (path,) = tmp_path.glob("chanx_native-*.tar.gz")
    with tarfile.open(path) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    sources = ["src", "cmake", "python", "CMakeLists.txt", "pyproject.toml", "README.md", "LICENSE"]
    listed = subprocess.run(
        ["git", "ls-files", *sources], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(listed) <= held
    assert not [
        name for name in held if name.startswith(("sandbox_django/", "frontend/", "llm_server/", "build/"))
    ]
