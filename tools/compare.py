"""chanx + channels_redis against this project, measured in one run of under 90 seconds.

usage: python tools/compare.py        (this is `make compare`; the full benchmarks are `make bench`)

Two figures: frames a second from text to answer without a socket, and deliveries a second of a broadcast to 200 clients
over real sockets. It starts a redis-server of its own. Every delivery that is due is waited for.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "bench"))

from bench_fanout import CONTENDERS, run
from bench_frames import measure
from fanout_client import Figures, Lost
from peers import our_environment, peer_environment, redis_server

CLIENTS = 200
PEERS = ("chanx-core", "chanx-pubsub")
OURS = ("memory", "core", "pubsub")


def frames() -> None:
    """Prints the frames a second of both, ping and chat."""
    rounds = [(measure(peer_environment(), 0.3), measure(our_environment(), 0.3)) for _ in range(3)]
    print(f"\n{'frames/s, no socket':36s}{'chanx 2.13':>14s}{'chanx-native':>14s}{'times':>8s}")
    for case in ("ping", "chat"):
        # The best round of each: what the machine gave to others counts against neither.
        peer = max(theirs[case] for theirs, _ in rounds)
        ours = max(mine[case] for _, mine in rounds)
        print(f"{case:36s}{peer:14,.0f}{ours:14,.0f}{ours / peer:8.1f}", flush=True)


def deliveries() -> bool:
    """Prints the deliveries a second of both on every layer there is; false when a frame was lost."""
    from chanx import layers

    exported = [name for name in OURS if hasattr(layers, str(CONTENDERS[name].layer).rpartition(".")[2])]
    print(
        f"\n{f'broadcast to {CLIENTS} clients, uvicorn':36s}{'deliveries/s':>14s}{'echo/s':>14s}{'times':>8s}"
    )
    base: Figures | None = None
    complete = True
    with redis_server() as url:
        for name in (*PEERS, *exported):
            label = CONTENDERS[name].label
            try:
                figures = run(CONTENDERS[name], "uvicorn", CLIENTS, 1, 1.0, url)
            except Lost as error:
                print(f"{label:36s}  {error}", flush=True)
                complete = complete and name in PEERS
                continue
            base = base or figures
            times = figures.deliveries / base.deliveries
            print(f"{label:36s}{figures.deliveries:14,.0f}{figures.echo:14,.0f}{times:8.1f}", flush=True)
    return complete


def main() -> int:
    started = time.monotonic()
    peer_environment()
    print("==> measuring (about a minute)", flush=True)
    frames()
    complete = deliveries()
    print(
        f"\n==> {time.monotonic() - started:.0f} s; figures of one machine in one run: the ratios are what counts"
    )
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
