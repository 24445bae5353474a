"""mypy and pyright agree with tests/typing on the types of the public API."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "tests" / "typing" / "public_api.py"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        timeout=115,
        check=False,
    )


def test_mypy_reads_the_types() -> None:
    # `packages` of the configuration would have it check the whole package instead.
    done = run(
        *("mypy", "--config-file=", "--strict", "--warn-unused-ignores", "--follow-imports=silent"),
        *("--python-version", "3.11", str(SAMPLE)),
    )
    assert "(checked 1 source file)" in done.stdout or "in 1 source file" in done.stdout, done.stderr
    # The stub of the core, which a tool writes, has rules of its own in pyproject.toml.
    assert [line for line in done.stdout.splitlines() if line.startswith("tests/")] == []


def test_pyright_reads_the_types(tmp_path: Path) -> None:
    configuration = tmp_path / "pyrightconfig.json"
    configuration.write_text(
        json.dumps(
            {
                "include": [str(SAMPLE)],
                "extraPaths": [str(ROOT / "python")],
                "pythonVersion": "3.11",
                "typeCheckingMode": "strict",
                "enableTypeIgnoreComments": True,
                "reportUnnecessaryTypeIgnoreComment": "error",
                "reportMissingTypeStubs": "none",
                "reportUnknownMemberType": "none",
                "reportUntypedBaseClass": "none",
            }
        )
    )
    done = run("pyright", "--project", str(configuration), "--pythonpath", sys.executable)
    assert done.returncode == 0, done.stdout + done.stderr
