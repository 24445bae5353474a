"""The speed table of the channel layers, all of them side by side in one run.

usage: python tests/bench/bench_layers.py [--seconds 1] [--rounds 2] [--layer NAME ...] [--quick] [--plot FILE.svg]

Starts a redis-server of its own. Each measurement is taken for all layers in turn, `--rounds` times, and the best
round counts: on a shared machine it is the least disturbed. A burst that arrives short shows as lost. The last table
holds the ratios against what is aimed at. Under 5 minutes; `--quick` leaves out 10,000 members and takes one round.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "bench"), str(TESTS.parent / "python")]

from layer_measures import Maker, fan_out, group_adds, loss, publishing
from peers import redis_server
from svg_bars import Panel, draw

OURS = {"in-memory": "chanx in-memory", "core": "chanx core", "pub/sub": "chanx pub/sub"}
PEER_CORE, PEER_PUBSUB, PEER_MEMORY = "channels_redis core", "channels_redis pub/sub", "channels in-memory"
Figures = dict[str, dict[str, float]]
Line = tuple[str, float, str, float]


def contenders(url: str) -> dict[str, Maker]:
    """The layers by name."""

    def made(path: str, **options: Any) -> Maker:
        module, name = path.rsplit(".", 1)
        return lambda: getattr(import_module(module), name)(**options)

    return {
        PEER_MEMORY: made("channels.layers.InMemoryChannelLayer"),
        PEER_CORE: made("channels_redis.core.RedisChannelLayer", hosts=[url]),
        PEER_PUBSUB: made("channels_redis.pubsub.RedisPubSubChannelLayer", hosts=[url]),
        OURS["in-memory"]: made("chanx.layers.InMemoryChannelLayer"),
        OURS["pub/sub"]: made("chanx.layers.RedisPubSubChannelLayer", hosts=[url]),
        OURS["core"]: made("chanx.layers.RedisChannelLayer", hosts=[url]),
    }


def best(
    layers: dict[str, Maker],
    rounds: int,
    measure: Callable[[Maker], dict[str, float]],
    low: tuple[str, ...] = (),
) -> Figures:
    """The best of several rounds, figure by figure: the highest, or the lowest of those named in `low`."""
    found: Figures = {}
    for _ in range(rounds):
        for name, make in layers.items():
            for key, value in measure(make).items():
                row = found.setdefault(name, {})
                row[key] = value if key not in row else (min if key in low else max)(row[key], value)
    return found


def show(title: str, columns: dict[str, str], figures: Figures) -> None:
    """Prints one measurement of all layers."""
    print(f"\n{title:34s}" + "".join(f"{text:>18s}" for text in columns.values()))
    for name, row in figures.items():
        cells = (
            f"{row[key]:18,.3f}" if row.get(key, 0) < 100 else f"{row[key]:18,.0f}"
            for key in columns
            if key in row
        )
        print(f"{name:34s}" + "".join(cells), flush=True)


def idle_bytes(kind: str, url: str | None) -> float:
    """Bytes in use for an idle channel that is a member of a group, its name included."""
    command = [
        sys.executable,
        str(TESTS / "support" / "channel_churn.py"),
        kind,
        "20000",
        *([url] if url else []),
    ]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    before, full, _ = map(int, lines[0].split())
    return (full - before) * 1024 / 20_000


def ratios(one: Figures, many: Figures, most: Figures, adds: Figures, publish: Figures) -> list[Line]:
    """Each line of the table to reach: what, our ratio, the sign, the aim."""
    found: list[Line] = []
    base = many[PEER_PUBSUB]
    for short, name in OURS.items():
        found.append(
            (f"deliveries/s of pub/sub's, 1,000 members: {short}", many[name]["rate"] / base["rate"], ">=", 3)
        )
    for short, aim in (("pub/sub", 0.75), ("core", 1.0)):
        ratio = one[OURS[short]]["p50"] / one[PEER_PUBSUB]["p50"]
        found.append((f"p50 of pub/sub's, one member: {short}", ratio, "<=", aim))
    for short, aim in (("pub/sub", 0.4), ("core", 0.55)):
        ratio = many[OURS[short]]["p50"] / base["p50"]
        found.append((f"p50 of pub/sub's, the last of 1,000: {short}", ratio, "<=", aim))
    core = adds[PEER_CORE]["awaited"]
    found.append(("group_add of core's, each awaited", adds[OURS["core"]]["awaited"] / core, ">=", 3))
    found.append(("group_add of core's, given at once", adds[OURS["core"]]["together"] / core, ">=", 20))
    pubsub = adds[OURS["pub/sub"]]["awaited"] / adds[PEER_PUBSUB]["awaited"]
    found.append(("group_add of pub/sub's", pubsub, ">=", 1))
    for short, peer in (("core", PEER_CORE), ("pub/sub", PEER_PUBSUB)):
        base_rate, mine = publish[peer]["each"], publish[OURS[short]]
        found.append(
            (f"publishing without a loop, each waited for: {short}", mine["each"] / base_rate, ">=", 8)
        )
        found.append((f"publishing by group_send_many: {short}", mine["many"] / base_rate, ">=", 20))
    for short, name in OURS.items():
        if name in most:
            kept = most[name]["rate"] / many[name]["rate"]
            found.append((f"rate kept from 1,000 to 10,000 members: {short}", kept, ">=", 0.65))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--layer", action="append", help="only these, by name; no ratios then")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--plot", type=Path, help="where to write the picture")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    with redis_server() as url:
        layers = {k: v for k, v in contenders(url).items() if options.layer is None or k in options.layer}

        def members(count: int, chosen: dict[str, Maker]) -> Figures:
            figures = best(
                chosen,
                rounds,
                lambda make: asyncio.run(fan_out(make, count, options.seconds)),
                ("p50", "p99"),
            )
            columns = {"rate": "deliveries/s", "p50": "p50 ms", "p99": "p99 ms"}
            show(f"{count:,} member(s), bursts of 20", columns, figures)
            return figures

        one, many = members(1, layers), members(1000, layers)
        ours = {name: make for name, make in layers.items() if name in OURS.values()}
        most = {} if options.quick else members(10_000, ours)
        adds = best(layers, rounds, lambda make: asyncio.run(group_adds(make)))
        show("group_add, one caller", {"awaited": "each awaited/s", "together": "given at once/s"}, adds)
        redis = {name: make for name, make in layers.items() if "memory" not in name}
        publish = best(redis, rounds, lambda make: publishing(make, options.seconds / 2))
        show("publishing without a loop", {"each": "each waited for/s", "many": "by the hundred/s"}, publish)
        print("\n500 group sends at once to 1,000 members: lost")
        for name, make in layers.items():
            lost, raised = asyncio.run(loss(make, 1000, 500))
            print(f"{name:34s}{lost:18.1f} %   {raised}", flush=True)
        if options.layer:
            return
        print("\nan idle channel in a group costs, bytes")
        for kind, label in (("memory", "in-memory"), ("core", "core"), ("pubsub", "pub/sub")):
            print(
                f"{OURS[label]:34s}{idle_bytes(kind, None if kind == 'memory' else url):18,.0f}", flush=True
            )
    print(f"\n{'ratio to the peer':58s}{'ours':>8s}  {'to reach':>8s}")
    for what, ratio, sign, aim in ratios(one, many, most, adds, publish):
        met = ratio >= aim if sign == ">=" else ratio <= aim
        print(f"{what:58s}{ratio:8.2f}  {sign} {aim:5.2f}  {'' if met else 'MISSED'}")
    if options.plot:
        panels = [
            panel("Deliveries a second, 1,000 members, bursts of 20", many, "rate"),
            panel("Milliseconds from group_send to the last of 1,000 members, p50", many, "p50"),
            panel("group_add a second, one caller", adds, "awaited"),
            panel("Group messages a second of a thread without a loop", publish, "each"),
        ]
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        options.plot.write_text(
            draw(panels, "One run on one machine: python tests/bench/bench_layers.py --plot")
        )
        print(f"\nwrote {options.plot}")


def panel(title: str, figures: Figures, key: str) -> Panel:
    """One picture of the plot."""
    return Panel(title, [(name, row[key], name in OURS.values()) for name, row in figures.items()])


if __name__ == "__main__":
    main()
