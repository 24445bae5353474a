"""Runs every benchmark of tests/bench in turn.

usage: python tools/bench.py [name ...]      names are parts of file names, for example `fanout`
"""

import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent / "tests" / "bench"


def main() -> None:
    scripts = sorted(BENCH.glob("bench_*.py"))
    chosen = [
        script for script in scripts if not sys.argv[1:] or any(name in script.stem for name in sys.argv[1:])
    ]
    if not chosen:
        sys.exit(f"no such benchmark; there are {', '.join(script.stem for script in scripts)}")
    failed = []
    for script in chosen:
        print(f"\n==> {script.stem}", flush=True)
        started = time.monotonic()
        if subprocess.run([sys.executable, str(script)]).returncode != 0:
            failed.append(script.stem)
        print(f"    ({time.monotonic() - started:.0f} s)", flush=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
