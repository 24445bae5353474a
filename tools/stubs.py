"""Generates python/chanx/_core.pyi from the compiled core, or checks that the one in the tree has not drifted.

usage: python tools/stubs.py [--write]
"""

import argparse
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "python" / "chanx" / "_core.pyi"
HEADER = "# Generated from the compiled core by `make stubs`; do not edit.\n"


# What the generator cannot know of types and functions that are made with the C API directly.
UNTYPED = (
    ("(type, *args, **kwargs):", "(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:"),
    ("(self, *args, **kwargs):", "(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any:"),
    ("(*args, **kwargs):", "(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:"),
)
BARE = ((r"\blist(?![\[\w])", "list[typing.Any]"), (r"\bdict(?![\[\w])", "dict[str, typing.Any]"))


def annotate(stub: str) -> str:
    """Completes the annotations that the generator leaves out, in signatures only."""
    lines = []
    for line in stub.splitlines():
        if line.lstrip().startswith(("def ", "async def ")) or line.rstrip().endswith((",", ":")):
            for untyped, typed in UNTYPED:
                line = line.replace(untyped, typed)
            if ":" in line and "__all__" not in line:
                for bare, full in BARE:
                    line = re.sub(bare, full, line)
        lines.append(line)
    return "\n".join(lines) + "\n"


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
        written.write_text(annotate(written.read_text()))
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
