"""Runs the Python tests on every combination of interpreter, Django and Channels that can be had here.

usage: python tools/matrix.py [--python 3.12] [--django 6] [--channels 4.2] [-- pytest arguments]

Interpreters are looked for in PATH and in ~/.pyenv/versions. Each combination gets an environment of its own under
build/matrix, with the package built for that interpreter; later runs use it again.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / "build" / "matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = ("5.2", "6")  # the long-term release, and the newest there is
CHANNELS = ("4.2", "4")  # the oldest supported, and the newest there is
TESTS = ("tests/python",)
# What these tests need beyond the package itself.
NEEDS = (
    "channels_redis",
    "click",
    "daphne",
    "hypothesis",
    "jsonschema",
    "msgpack",
    "prometheus-client",
    "pytest",
    "pytest-asyncio",
    "pytest-django",
    "pytest-timeout",
    "pyyaml",
    "uvloop",
    "websockets",
)
# Type checkers and Sphinx look at one environment, and the sandbox stands on more than the package.
NOT_HERE = ("test_typing.py", "test_docs_site.py", "test_docs_commands.py")


@dataclass(frozen=True)
class Combination:
    """One environment of the matrix."""

    python: str
    django: str
    channels: str

    @property
    def name(self) -> str:
        return f"py{self.python}-django{self.django}-channels{self.channels}"

    @property
    def possible(self) -> bool:
        # Django 6 has left Python 3.11 behind.
        return not (self.django.startswith("6") and self.python == "3.11")


def interpreter(version: str) -> str | None:
    """Find an interpreter of a version, the newest of those installed."""
    pattern = re.compile(re.escape(version) + r"\.(\d+)$")
    installed = Path.home() / ".pyenv" / "versions"
    matches = [(int(m[1]), p) for p in installed.glob("*") if (m := pattern.match(p.name))]
    if matches:
        return str(max(matches)[1] / "bin" / "python")
    return shutil.which(f"python{version}")


def prepare(combination: Combination, base: str) -> Path:
    """Make the environment, or bring the package in it up to date."""
    directory = ENVIRONMENTS / combination.name
    python = directory / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", str(directory)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [_release("django", combination.django), _release("channels", combination.channels)]
    subprocess.run([*pip, *wanted, *NEEDS, f"{ROOT}[channels,cli]"], check=True)
    return python


def _release(package: str, version: str) -> str:
    """The newest of a series: `5.2` means 5.2.x, `6` means 6.x.y."""
    return f"{package}~={version}.0"


def run(combination: Combination, base: str, arguments: list[str]) -> bool:
    """Run the tests of one combination against the installed package."""
    try:
        python = prepare(combination, base)
    except subprocess.CalledProcessError as error:
        print(f"the environment cannot be made: {error}", flush=True)
        return False
    ignored = [f"--ignore={folder}/{name}" for folder in TESTS for name in NOT_HERE]
    # Not the sources: `pythonpath` of the configuration names them, and they have no core for this interpreter.
    paths = f"pythonpath={ROOT} {ROOT / 'tests' / 'support'}"
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-o", paths, *ignored, *TESTS, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", choices=PYTHONS, action="append")
    parser.add_argument("--django", choices=DJANGOS, action="append")
    parser.add_argument("--channels", choices=CHANNELS, action="append")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args()
    results: dict[str, str] = {}
    for version in options.python or PYTHONS:
        base = interpreter(version)
        for django in options.django or DJANGOS:
            for channels in options.channels or CHANNELS:
                combination = Combination(version, django, channels)
                if not combination.possible:
                    continue
                if base is None:
                    results[combination.name] = "no such interpreter here"
                    continue
                print(f"== {combination.name}", flush=True)
                started = time.monotonic()
                passed = run(combination, base, options.pytest)
                seconds = time.monotonic() - started
                results[combination.name] = f"{'passed' if passed else 'FAILED'} in {seconds:.0f} s"
    print("\n".join(f"{name:40} {result}" for name, result in results.items()))
    return any(result.startswith("FAILED") for result in results.values())


if __name__ == "__main__":
    sys.exit(main())
