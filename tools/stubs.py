"""Generates python/chanx/_core.pyi from the compiled core, or checks that the one in the tree has not drifted.

usage: python tools/stubs.py [--write]
"""

import argparse
import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "python" / "chanx" / "_core.pyi"
HEADER = "# Generated from the compiled core by `make stubs`; do not edit.\n"


def generate() -> str:
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pybind11_stubgen",
                "chanx._core",
                "-o",
                directory,
                "--exit-code",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            sys.exit(f"pybind11-stubgen failed:\n{done.stdout}{done.stderr}")
        written = Path(directory, "chanx", "_core.pyi")
        subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "format",
                "-q",
                "--config",
                str(ROOT / "pyproject.toml"),
                str(written),
            ],
            check=True,
        )
        return HEADER + written.read_text()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="replace the stub in the tree")
    new = generate()
    if parser.parse_args().write:
        STUB.write_text(new)
        return
    old = STUB.read_text() if STUB.exists() else ""
    if old != new:
        diff = difflib.unified_diff(
            old.splitlines(), new.splitlines(), "in the tree", "generated", lineterm=""
        )
        sys.exit("\n".join(diff))


if __name__ == "__main__":
    main()
