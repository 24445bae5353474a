"""End to end over real sockets: N clients in a room, one speaks, all hear; echo; connects; memory.

usage: python tests/bench/bench_fanout.py [--server uvicorn|daphne|granian] [--clients N] [--rooms R] [--seconds S]
                                          [--deflate] [contender ...]
       python tests/bench/bench_fanout.py --table    everything, with the goals beside, in under 8 minutes

Contenders: bare, memory, pubsub, core (ours on that layer), chanx-pubsub, chanx-core (chanx 2.13 on channels_redis).
Every frame received is counted against the frames due; anything short fails the run. Ratios are to the bare one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass

from fanout_client import Figures, Lost, measure
from fanout_table import Scenario, print_table
from peers import HERE, free_port, our_environment, peer_environment, redis_server, running


@dataclass(frozen=True)
class Contender:
    """An application under test: whose consumer, on which layer."""

    name: str
    label: str
    layer: str | None = None
    ours: bool = True

    @property
    def needs_redis(self) -> bool:
        return self.layer is not None and "Redis" in self.layer


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender("bare", "bare ASGI application"),
        Contender("memory", "ours, in-process layer", "chanx.layers.InMemoryChannelLayer"),
        Contender("pubsub", "ours, Redis pub/sub layer", "chanx.layers.RedisPubSubChannelLayer"),
        Contender("core", "ours, Redis layer", "chanx.layers.RedisChannelLayer"),
        Contender(
            "chanx-pubsub",
            "chanx + channels_redis pub/sub",
            "channels_redis.pubsub.RedisPubSubChannelLayer",
            False,
        ),
        Contender("chanx-core", "chanx + channels_redis", "channels_redis.core.RedisChannelLayer", False),
    )
}


def command(server: str, application: str, port: int) -> list[str]:
    """Returns the command that serves the application."""
    python = [sys.executable, "-m", server]
    if server == "uvicorn":
        options = [
            "--ws",
            "websockets-sansio",
            "--loop",
            "uvloop",
            "--log-level",
            "error",
            "--no-access-log",
        ]
        return [*python, application, "--port", str(port), "--app-dir", str(HERE), *options]
    if server == "daphne":
        return [*python, "-p", str(port), "-v", "0", application]
    return [
        *python,
        "--interface",
        "asgi",
        "--port",
        str(port),
        "--log-level",
        "error",
        application,
    ]


def run(
    contender: Contender,
    server: str,
    clients: int,
    rooms: int,
    seconds: float,
    redis_url: str,
    deflate: bool = False,
) -> Figures:
    """Serves the contender's application and measures it."""
    environment = our_environment() if contender.ours else peer_environment()
    application = "bare_app:application"
    if contender.layer is not None:
        application = "chat_app:application"
        environment["BENCH_LAYER"] = contender.layer
        environment["BENCH_LAYER_CONFIG"] = json.dumps(
            {"hosts": [redis_url]} if contender.needs_redis else {}
        )
    port = free_port()
    with running(command(server, application, port), port, env=environment, cwd=HERE) as process:
        return asyncio.run(measure(port, process.pid, clients, rooms, seconds, deflate))


def whole_table() -> bool:
    """Prints every scenario; whether nothing was lost."""
    with redis_server() as redis_url:

        def one(scenario: Scenario, name: str, label: str) -> Figures:
            return run(
                CONTENDERS[name],
                scenario.server,
                scenario.clients,
                scenario.rooms,
                scenario.seconds,
                redis_url,
                scenario.deflate,
            )

        return print_table(one, lambda name: CONTENDERS[name].label)


def ratio(ours: float, bare: float | None) -> str:
    return f"{ours / bare:5.2f}" if bare else "    -"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", choices=["uvicorn", "daphne", "granian"], default="uvicorn")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rooms", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--deflate", action="store_true", help="negotiate permessage-deflate as browsers do")
    parser.add_argument("--table", action="store_true", help="all servers, rooms and numbers of clients")
    parser.add_argument(
        "contenders", nargs="*", metavar="contender", default=["bare", "memory", "chanx-pubsub"]
    )
    options = parser.parse_args()
    if unknown := set(options.contenders) - set(CONTENDERS):
        parser.error(f"unknown contender {', '.join(sorted(unknown))}; there are {', '.join(CONTENDERS)}")
    if options.table:
        sys.exit(not whole_table())
    print(
        f"{options.server}, {options.clients} clients in {options.rooms} room(s); x: times the bare application"
    )
    header = (
        "connects/s",
        "x",
        "KiB each",
        "echo/s",
        "x",
        "last ms",
        "x",
        "deliveries/s",
        "x",
        "messages/s",
        "CPU us",
    )
    print(f"{'':34s}" + "".join(f"{name:>{6 if name == 'x' else 13}s}" for name in header))
    bare: Figures | None = None
    failed = False
    with redis_server() as redis_url:
        for name in options.contenders:
            contender = CONTENDERS[name]
            try:
                figures = run(
                    contender,
                    options.server,
                    options.clients,
                    options.rooms,
                    options.seconds,
                    redis_url,
                    options.deflate,
                )
            except (Lost, RuntimeError, OSError) as error:
                print(f"{contender.label:34s}  FAILED: {error}", flush=True)
                failed = True
                continue
            bare = figures if name == "bare" else bare
            print(
                f"{contender.label:34s}"
                f"{figures.connects:13.0f} {ratio(figures.connects, bare and bare.connects)}"
                f"{figures.kib_each:13.1f}"
                f"{figures.echo:13.0f} {ratio(figures.echo, bare and bare.echo)}"
                f"{figures.last_ms:13.2f} {ratio(figures.last_ms, bare and bare.last_ms)}"
                f"{figures.deliveries:13.0f} {ratio(figures.deliveries, bare and bare.deliveries)}"
                f"{figures.messages:13.0f}{figures.cpu_us:13.1f}",
                flush=True,
            )
    sys.exit(failed)


if __name__ == "__main__":
    main()
