"""Damaged documents of every message type through the codec's bindings, compared with pydantic.

usage: python tests/fuzz/drive_bindings.py SECONDS [SEED]      tools/sanitize.sh runs it under AddressSanitizer
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "python"))
from codec_cases import check_text
from test_codec_types import CODECS, SAMPLES

_PIECES = (
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "1",
    "-",
    "e9",
    "é",
    "\\ud83d\\ude00",
    "\\u0000",
    "x" * 40,
)


def damage(text: str, chance: random.Random) -> str:
    """The text with a piece put in, taken out or doubled."""
    for _ in range(chance.randrange(3)):
        at, end = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        text = (
            text[:at]
            + chance.choice((*_PIECES, text[at : min(end, at + 20)] * 2))
            + text[chance.choice((at, end)) :]
        )
    return text


def main() -> None:
    """Run for so many seconds and print how many documents there were."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    warnings.simplefilter("ignore")
    chance, tried, accepted = random.Random(seed), 0, 0
    names = sorted(CODECS)
    fitting = {name: [s for s in SAMPLES if CODECS[name][2](json.dumps({"body": s}))] for name in names}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        name = chance.choice(names)
        adapter, codec, decoder, encoder = CODECS[name]
        samples = fitting[name] if chance.random() < 0.7 and fitting[name] else SAMPLES
        items = chance.choices(samples, k=chance.randrange(3))
        text = damage(json.dumps({"action": name, "body": chance.choice(samples), "items": items}), chance)
        check_text(text, adapter, native=(codec, decoder))
        message = decoder(text)
        tried += 1
        if message is not None:
            accepted += 1
            encoder(message)
        if tried % 1000 == 0:
            gc.collect()
    print(f"{tried} documents, {accepted} accepted by the core, no difference from pydantic")
    assert accepted > tried // 20


if __name__ == "__main__":
    main()
