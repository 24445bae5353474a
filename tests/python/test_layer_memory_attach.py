"""Messages handed to attached consumers, without receive()."""

import asyncio
import gc
import sys
import time
import weakref

import pytest

from chanx.layers import InMemoryChannelLayer


class Inbox:
    """Collects what deliver() is called with."""

    def __init__(self):
        self.batches = []

    def deliver(self, batch):
        self.batches.append(batch)

    @property
    def items(self):
        return [item for batch in self.batches for item in batch]


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_group_message_is_one_object_in_one_batch():
    layer, inbox = InMemoryChannelLayer(), Inbox()
    for number in range(50):
        layer.attach(f"c{number}", number, inbox.deliver)
        await layer.group_add("room", f"c{number}")
    await layer.group_send("room", {"type": "hi", "list": [1]})
    assert inbox.batches == []
    await turns()
    assert len(inbox.batches) == 1
    assert sorted(target for target, _ in inbox.items) == list(range(50))
    assert len({id(message) for _, message in inbox.items}) == 1
    message = inbox.items[0][1]
    assert message.content == {"type": "hi", "list": [1]}
    assert message.cache is None
    message.cache = "frame"
    assert inbox.items[49][1].cache == "frame"
    copy = message.copy()
    copy["list"].append(2)
    assert message.content == {"type": "hi", "list": [1]}


async def test_each_target_gets_its_messages_in_order():
    layer, inbox = InMemoryChannelLayer(), Inbox()
    for number in range(10):
        layer.attach(f"c{number}", number, inbox.deliver)
        await layer.group_add("room", f"c{number}")
    for number in range(200):
        await layer.group_send("room", {"type": "n", "n": number})
        await layer.send("c3", {"type": "n", "n": number + 0.5})
    for _ in range(200):
        await asyncio.sleep(0.001)
        if len(inbox.items) == 2200:
            break
    for target in range(10):
        numbers = [message.content["n"] for to, message in inbox.items if to == target]
        assert numbers == sorted(numbers)
        assert len(numbers) == (400 if target == 3 else 200)
    assert layer.stats()["queue_bytes"] == 0


async def test_messages_from_another_thread_arrive():
    layer, inbox = InMemoryChannelLayer(), Inbox()
    layer.attach("c", "me", inbox.deliver)
    await asyncio.to_thread(layer.send_sync, "c", {"type": "x"})
    for _ in range(100):
        await asyncio.sleep(0.01)
        if inbox.items:
            break
    assert [target for target, _ in inbox.items] == ["me"]


async def test_what_was_unread_comes_first():
    layer, inbox = InMemoryChannelLayer(), Inbox()
    await layer.send("c", {"type": "early"})
    layer.attach("c", "me", inbox.deliver)
    await layer.send("c", {"type": "late"})
    await turns()
    assert [message.content["type"] for _, message in inbox.items] == ["early", "late"]


async def test_a_paused_channel_keeps_its_messages_within_its_capacity():
    layer, inbox = InMemoryChannelLayer(capacity=5), Inbox()
    layer.attach("c", "me", inbox.deliver)
    await layer.group_add("room", "c")
    layer.pause("c")
    for number in range(5):
        await layer.group_send("room", {"type": "n", "n": number})
    await turns()
    assert inbox.items == []
    assert layer.channels["c"].unread == 5
    for _ in range(3):
        await layer.group_send("room", {"type": "n", "n": "too many"})
        await turns()
    assert layer.channels["c"].unread == 5
    assert layer.stats()["dropped"]["capacity"] == 3
    assert layer.stats()["queue_bytes"] == 0
    layer.resume("c")
    await turns()
    assert [message.content["n"] for _, message in inbox.items] == list(range(5))


async def test_detach_and_drop_end_it():
    layer, inbox = InMemoryChannelLayer(), Inbox()
    layer.attach("c", "me", inbox.deliver)
    layer.detach("c")
    layer.detach("c")
    await layer.send("c", {"type": "x"})
    await turns()
    assert inbox.items == []
    assert await layer.receive("c") == {"type": "x"}
    layer.attach("c", "me", inbox.deliver)
    assert layer.drop_channel("c")
    await layer.send("c", {"type": "x"})
    await turns()
    assert inbox.items == []
    with pytest.raises(ValueError, match="no consumer is attached"):
        layer.pause("c")


async def test_a_consumer_may_detach_itself_and_others_while_it_is_handed_messages():
    layer = InMemoryChannelLayer()
    seen = []

    def deliver(batch):
        for target, _ in batch:
            seen.append(target)
            layer.drop_channel("one")
            layer.drop_channel("two")

    layer.attach("one", 1, deliver)
    layer.attach("two", 2, deliver)
    await layer.group_add("room", "one")
    await layer.group_add("room", "two")
    await layer.group_send("room", {"type": "x"})
    await turns()
    await layer.group_send("room", {"type": "x"})
    await turns()
    assert seen == [1, 2]  # both were already in the batch


async def test_a_consumer_that_raises_does_not_stop_the_others():
    layer, inbox = InMemoryChannelLayer(), Inbox()

    def broken(batch):
        raise RuntimeError("broken consumer")

    layer.attach("one", 1, broken)
    layer.attach("two", 2, inbox.deliver)
    await layer.group_add("room", "one")
    await layer.group_add("room", "two")
    with _Unraisable() as unraisable:
        await layer.group_send("room", {"type": "x"})
        await turns()
    assert [target for target, _ in inbox.items] == [2]
    assert [str(error) for error in unraisable.errors] == ["broken consumer"]


class _Unraisable:
    """Takes what goes to sys.unraisablehook."""

    def __enter__(self):
        self.hook = sys.unraisablehook
        self.errors = []
        sys.unraisablehook = lambda error: self.errors.append(error.exc_value)
        return self

    def __exit__(self, *exc):
        sys.unraisablehook = self.hook


async def test_a_drain_lets_the_loop_breathe():
    layer = InMemoryChannelLayer()

    def deliver(batch):
        time.sleep(0.004)

    for number in range(2000):
        layer.attach(f"c{number}", number, deliver)
        await layer.group_add("room", f"c{number}")
    await layer.group_send("room", {"type": "x"})
    longest, last = 0.0, time.perf_counter()
    for _ in range(20):
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < 0.025
    assert layer.stats()["delivered"] == 2000


async def test_dropping_frees_the_target():
    class Target:
        pass

    layer, inbox, target = InMemoryChannelLayer(), Inbox(), Target()
    gone = weakref.ref(target)
    layer.attach("c", target, inbox.deliver)
    layer.drop_channel("c")
    del target
    gc.collect()
    assert gone() is None
