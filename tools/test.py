"""Runs every part of the tests, two at a time, and prints what failed.

usage: python tools/test.py [--jobs 2] [part ...]      after tools/setup.sh test; without names, all parts

Every part runs even when another failed. What a part prints goes to build/test-logs/PART.log; the whole of it is
printed for a part that failed, its last lines for one that passed.

Two parts share the machine, and some tests measure time. When a few tests of a part failed, they run once more at the
end with the machine to themselves: a fault of the product fails again, and a test that passes only then is named.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "test-logs"
PYTHON = str(ROOT / ".venv" / "bin" / "python")
PYTEST = (PYTHON, "-m", "pytest", "-m", "not soak")
PROGRESS_SECONDS = 30.0
# More failures than this are no matter of timing.
MOST_TRIED_AGAIN = 5

# The longest first, so that no long one is left alone at the end. Browser tests have a process of their own:
# Playwright keeps an event loop running, beside which no other starts.
PARTS: dict[str, tuple[str, ...]] = {
    "integration": (*PYTEST, "tests/integration"),
    "python": (*PYTEST, "tests/python", "tests/robustness"),
    "browser": (*PYTEST, "tests/browser"),
    "sandbox": (*PYTEST, "sandbox_django"),
    "sandbox-services": (*PYTEST, "sandbox_django", "--services", "real"),
    "lint": ("tools/lint.sh",),
    "frontend": ("tools/frontend.sh", "test"),
    "cpp": ("ctest", "--test-dir", "build/dev", "--output-on-failure"),
}


@dataclass
class Running:
    """A part that has been started."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def last_lines(self, count: int) -> list[str]:
        return [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()][-count:]


def start(name: str, log_name: str = "", *arguments: str) -> Running:
    log = LOGS / f"{log_name or name}.log"
    command = (*PARTS[name], *arguments)
    if is_pytest(name):  # parts that run side by side would overwrite each other's failures in one cache
        command = (*command, "-o", f"cache_dir={LOGS / 'cache' / name}")
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    print(f"==> {log_name or name}: started", flush=True)
    return Running(log_name or name, process, log)


def is_pytest(name: str) -> bool:
    return PARTS[name][: len(PYTEST)] == PYTEST


def failed_tests(name: str) -> list[str]:
    """The tests of a part that its last run saw fail."""
    kept = LOGS / "cache" / name / "v" / "cache" / "lastfailed"
    return sorted(json.loads(kept.read_text())) if kept.exists() else []


def try_again(name: str) -> list[str]:
    """Run the failed tests of a part alone; returns those that passed, none if any failed again."""
    tests = failed_tests(name)
    if not is_pytest(name) or not 0 < len(tests) <= MOST_TRIED_AGAIN:
        return []
    part = start(name, f"{name}-again", "--last-failed", "--last-failed-no-failures", "none")
    part.process.wait()
    return tests if report(part) else []


def report(part: Running) -> bool:
    """Print how a part ended; returns whether it passed."""
    passed = part.process.returncode == 0
    print(f"==> {part.name}: {'passed' if passed else 'FAILED'} in {part.seconds:.0f} s", flush=True)
    if passed:
        print(*(f"    {line}" for line in part.last_lines(2)), sep="\n", flush=True)
    else:
        print(part.log.read_text(errors="replace"), flush=True)
    return passed


def run(names: list[str], jobs: int) -> list[str]:
    """Run the parts, `jobs` at a time; returns the names of those that failed."""
    waiting = list(names)
    running: list[Running] = []
    failed: list[str] = []
    told = time.monotonic()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(start(waiting.pop(0)))
            time.sleep(0.2)
            for part in [part for part in running if part.process.poll() is not None]:
                running.remove(part)
                if not report(part):
                    failed.append(part.name)
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                for part in running:
                    line = (part.last_lines(1) or ["..."])[0]
                    print(f"    {part.name}, {part.seconds:.0f} s: {line[-90:]}", flush=True)
    finally:
        for part in running:
            part.process.terminate()
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which parts; all without one")
    parser.add_argument("--jobs", type=int, default=2, help="how many parts at once (2)")
    options = parser.parse_args()
    os.chdir(ROOT)
    LOGS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    shutil.rmtree(LOGS / "cache", ignore_errors=True)
    failed = run(options.parts or list(PARTS), options.jobs)
    unsteady: list[str] = []
    for name in list(failed):
        if passed := try_again(name):
            unsteady += passed
            failed.remove(name)
    print(f"\n==> {time.monotonic() - started:.0f} s in all; logs in {LOGS.relative_to(ROOT)}")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
        return 1
    for test in unsteady:
        print(f"UNSTEADY: {test} failed beside another part and passed alone")
    print("==> every part passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
