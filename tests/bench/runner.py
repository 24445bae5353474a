"""A small runner: contenders side by side on the same cases, microseconds per call, printed as one table."""

from __future__ import annotations

import timeit
from collections.abc import Callable, Mapping
from typing import Any


def best_us(call: Callable[[Any], Any], argument: Any, *, repeats: int = 7, seconds: float = 0.03) -> float:
    """The best of several rounds, in microseconds: on a shared machine the best is the least disturbed."""
    timer = timeit.Timer(lambda: call(argument))
    number = max(1, int(seconds / max(1e-7, timer.timeit(50) / 50)))
    return min(timer.repeat(repeats, number)) / number * 1e6


def table(
    title: str, contenders: Mapping[str, Callable[[Any], Any]], cases: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """Measure every contender on every case, print, and return the figures by contender and case.

    Rounds of the contenders take turns, so that a noisy minute of the machine hits all of them.
    """
    best: dict[str, dict[str, float]] = {name: dict.fromkeys(cases, float("inf")) for name in contenders}
    for _ in range(3):
        for case, argument in cases.items():
            for name, call in contenders.items():
                best[name][case] = min(best[name][case], best_us(call, argument, repeats=3))
    print(f"{title:38s}" + "".join(f"{case:>11s}" for case in cases))
    for name, row in best.items():
        print(f"{name:38s}" + "".join(f"{us:11.2f}" for us in row.values()), flush=True)
    return best
