"""Frames a second of CPU time from text to answer, without a socket: chanx 2.13 and this package, in turns.

CPU time, of all threads, because it does not depend on what else the machine is doing.

usage: python tests/bench/bench_frames.py [--seconds S] [--rounds N]

Ends with code 1 when ping or chat is under 15 times the peer's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from peers import our_environment, peer_environment

FRAMES_APP = Path(__file__).with_name("frames_app.py")
GOAL = 15
HELD_TO_GOAL = ("ping", "chat")


def measure(environment: dict[str, str], seconds: float) -> dict[str, float]:
    """One round of every case, in a process of its own."""
    command = [sys.executable, str(FRAMES_APP), str(seconds)]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    rates: dict[str, float] = json.loads(output)
    return rates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each case and round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    peer_rounds, our_rounds = [], []
    for _ in range(arguments.rounds):
        peer_rounds.append(measure(peer_environment(), arguments.seconds))
        our_rounds.append(measure(our_environment(), arguments.seconds))
    print(f"{'frames per CPU s':18s}{'chanx 2.13':>12s}{'this package':>14s}{'ratio':>8s}")
    missed = False
    for case in our_rounds[0]:
        peer = statistics.median(rates[case] for rates in peer_rounds)
        ours = statistics.median(rates[case] for rates in our_rounds)
        missed = missed or (case in HELD_TO_GOAL and ours < GOAL * peer)
        print(f"{case:18s}{peer:12,.0f}{ours:14,.0f}{ours / peer:8.1f}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
