"""The whole fan-out table in one run: servers, compression, rooms, numbers of clients, each against bare ASGI."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from fanout_client import Figures, Lost

Runner = Callable[["Scenario", str, str], Figures]

EXTRA_KIB = 4.0
"""Goal: what a connection may take beyond one of the bare application."""


@dataclass(frozen=True)
class Scenario:
    """One setting in which contenders meet."""

    title: str
    contenders: tuple[str, ...]
    goals: dict[str, float]
    server: str = "uvicorn"
    clients: int = 1000
    rooms: int = 1
    deflate: bool = False
    seconds: float = 2.0


ALL_GOALS = {"deliveries": 0.85, "last_ms": 1.4, "echo": 0.65, "connects": 0.6, "kib_each": EXTRA_KIB}
OURS = ("bare", "memory", "pubsub", "core")
DELIVERIES = {"deliveries": 0.8}

SCENARIOS = (
    Scenario("1,000 clients in a room", (*OURS, "chanx-pubsub"), ALL_GOALS),
    Scenario(
        "900 clients in 300 rooms", ("bare", "pubsub", "core"), {"messages": 0.6}, clients=900, rooms=300
    ),
    Scenario("with permessage-deflate", OURS, DELIVERIES, deflate=True),
    Scenario("under daphne", ("bare", "memory", "pubsub", "core"), DELIVERIES, server="daphne", clients=500),
    Scenario(
        "under granian", ("bare", "memory", "pubsub", "core"), DELIVERIES, server="granian", clients=500
    ),
    Scenario("100 clients", ("bare", "memory", "pubsub", "core"), DELIVERIES, clients=100, seconds=1),
    Scenario("300 clients", ("bare", "memory", "pubsub", "core"), DELIVERIES, clients=300, seconds=1),
    Scenario("5,000 clients", ("bare", "memory", "pubsub", "core"), DELIVERIES, clients=5000, seconds=1.5),
)

_COLUMNS = ("connects", "kib_each", "echo", "last_ms", "deliveries", "messages", "cpu_us")
_TITLES = ("connects/s", "KiB each", "echo/s", "last ms", "deliveries/s", "messages/s", "CPU us")
_LESS_IS_BETTER = ("last_ms", "kib_each", "cpu_us")


def print_table(run: Runner, label: Callable[[str], str]) -> bool:
    """Measure and print everything.

    Args:
        run: Measures one contender in one scenario: called with the scenario, the contender's name and its label.
        label: The label of a contender.

    Returns:
        Whether nothing was lost and nothing failed. Missed goals are marked, and fail nothing.
    """
    started = time.monotonic()
    complete, missed = True, 0
    for scenario in SCENARIOS:
        print(f"\n{scenario.title}: {scenario.server}, {scenario.clients} clients, {scenario.rooms} room(s)")
        print(f"{'':32s}" + "".join(f"{title:>17s}" for title in _TITLES))
        if goals := scenario.goals:
            print(
                f"{'goal: times bare (KiB: beyond it)':32s}"
                + "".join(_goal(goals, name) for name in _COLUMNS)
            )
        bare: Figures | None = None
        for name in scenario.contenders:
            try:
                figures = run(scenario, name, label(name))
            except (Lost, RuntimeError, OSError) as error:
                print(f"{label(name):32s}  FAILED: {error}", flush=True)
                complete = False
                continue
            bare = figures if name == "bare" else bare
            held = scenario.goals if name in OURS and name != "bare" else {}
            cells = [_cell(column, figures, bare, held) for column in _COLUMNS]
            missed += sum(cell.endswith("!") for cell in cells)
            print(f"{label(name):32s}" + "".join(f"{cell:>17s}" for cell in cells), flush=True)
    print(f"\n{missed} goal(s) missed (!), {time.monotonic() - started:.0f} s; " + _verdict(complete))
    return complete


def _verdict(complete: bool) -> str:
    return "every frame due arrived" if complete else "FAILED: frames were lost, or a server failed"


def _goal(goals: dict[str, float], column: str) -> str:
    if column not in goals:
        return f"{'':17s}"
    sign = "<=" if column in _LESS_IS_BETTER else ">="
    return f"{f'{sign} {goals[column]:g}':>17s}"


def _cell(column: str, figures: Figures, bare: Figures | None, goals: dict[str, float]) -> str:
    value: float = getattr(figures, column)
    if math.isnan(value):
        return "-"
    shown = f"{value:,.1f}" if column in _LESS_IS_BETTER else f"{value:,.0f}"
    if bare is None or bare is figures:
        return shown
    base: float = getattr(bare, column)
    against = value - base if column == "kib_each" else value / base
    met = column not in goals or (
        against <= goals[column] if column in _LESS_IS_BETTER else against >= goals[column]
    )
    text = f"{against:+.1f}" if column == "kib_each" else f"{against:.2f}"
    return f"{shown} {text}{' ' if met else '!'}"
