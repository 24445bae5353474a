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


def test_pyright_reads_the_types() -> None:
    project = str(SAMPLE.with_name("pyrightconfig.json"))
    done = run("pyright", "--project", project, "--pythonpath", sys.executable, "--outputjson")
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    found = [f"{d['range']['start']['line'] + 1}: {d['message']}" for d in report["generalDiagnostics"]]
    assert found == []
