"""A million messages of every kind that the codec knows leave nothing behind."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "python"))
from test_codec_types import CODECS, SAMPLES

PAGE = 4096
Work = list[tuple[Any, Any, str]]


def collect() -> Work:
    """A decoder, an encoder and a text for each sample of each type, valid or not."""
    found: Work = []
    for _, _, decoder, encoder in CODECS.values():
        for sample in SAMPLES:
            found.append((decoder, encoder, json.dumps({"body": sample, "items": [sample], "plain": "x"})))
    return found


def run(work: Work, messages: int) -> int:
    """Decode and encode until so many messages were built, and say how many that is of those tried."""
    done = 0
    while done < messages:
        for decoder, encoder, text in work:
            message = decoder(text)
            if message is not None:
                encoder(message)
                done += 1
    return done


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("messages", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_messages_of_every_type_leave_nothing_behind(messages: int) -> None:
    work = collect()
    singles = [None, True, False, "", *(type(decoder) for decoder, _, _ in work[:1])]
    run(work, 10_000)
    gc.collect()
    memory, objects = resident(), len(gc.get_objects())
    counts = [sys.getrefcount(one) for one in singles]
    run(work, messages)
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    # None and its like are counted everywhere; a leak of one for each message would be thousands.
    after = [sys.getrefcount(one) for one in singles]
    assert all(abs(b - a) < 500 for a, b in zip(counts, after, strict=True)), (counts, after)
    assert resident() - memory < 4 * 2**20
