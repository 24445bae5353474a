"""Several loops, threads, no loop at all, forks, and the memory that is left."""

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest
from asgiref.sync import async_to_sync
from channels.layers import channel_layers, get_channel_layer
from django.test import override_settings

from chanx.layers import InMemoryChannelLayer

SETTINGS = {"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 7}}}


def test_channels_makes_it_from_settings():
    with override_settings(CHANNEL_LAYERS=SETTINGS):
        layer = get_channel_layer()
        assert isinstance(layer, InMemoryChannelLayer)
        assert layer is channel_layers["default"]
        assert layer.capacity == 7
        assert channel_layers.make_backend("default") is not layer


def test_async_to_sync_in_the_middle_of_nothing():
    layer = InMemoryChannelLayer()
    async_to_sync(layer.group_add)("room", "c")
    async_to_sync(layer.group_send)("room", {"type": "x"})
    assert async_to_sync(layer.receive)("c") == {"type": "x"}
    for number in range(20):  # each call runs in a loop of its own
        layer.send_sync("c", {"type": "n", "n": number})
        assert async_to_sync(layer.receive)("c")["n"] == number


def test_readers_in_many_loops_in_many_threads():
    layer = InMemoryChannelLayer(capacity=100_000)
    threads, each, readers = 4, 500, 5
    got: dict[str, list[int]] = {}
    ready = threading.Barrier(threads + 1)

    async def read(name):
        numbers = got.setdefault(name, [])
        while len(numbers) < each:
            numbers.append((await layer.receive(name))["n"])

    def run(thread):
        async def main():
            names = [f"t{thread}.r{reader}" for reader in range(readers)]
            for name in names:
                await layer.group_add("all", name)
            tasks = [asyncio.create_task(read(name)) for name in names]
            await asyncio.sleep(0)
            ready.wait()
            await asyncio.wait_for(asyncio.gather(*tasks), 30)

        asyncio.run(main())

    running = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for thread in running:
        thread.start()
    ready.wait()
    for number in range(each):
        layer.group_send_sync("all", {"type": "n", "n": number})
    for thread in running:
        thread.join(40)
    assert got == {f"t{t}.r{r}": list(range(each)) for t in range(threads) for r in range(readers)}


def test_fifty_threads_send_to_one_reader():
    layer = InMemoryChannelLayer(capacity=1_000_000)
    threads, each = 50, 200

    async def main():
        def send(thread):
            for number in range(each):
                layer.send_sync("c", {"type": "n", "thread": thread, "n": number})

        senders = [threading.Thread(target=send, args=(thread,)) for thread in range(threads)]
        for sender in senders:
            sender.start()
        seen: dict[int, list[int]] = {thread: [] for thread in range(threads)}
        for _ in range(threads * each):
            message = await asyncio.wait_for(layer.receive("c"), 10)
            seen[message["thread"]].append(message["n"])
        for sender in senders:
            sender.join()
        assert all(numbers == list(range(each)) for numbers in seen.values())

    asyncio.run(main())


def test_two_loops_read_one_channel_and_each_message_goes_to_one_of_them():
    layer = InMemoryChannelLayer(capacity=1_000_000)
    got: list[list[int]] = [[], []]
    ready = threading.Barrier(3)

    def run(index):
        async def main():
            async def read():
                while True:
                    got[index].append((await layer.receive("c"))["n"])

            task = asyncio.create_task(read())
            await asyncio.sleep(0)
            ready.wait()
            for _ in range(2000):
                await asyncio.sleep(0.005)
                if len(got[0]) + len(got[1]) == 2000:
                    break
            task.cancel()

        asyncio.run(main())

    threads = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    ready.wait()
    for number in range(2000):
        layer.send_sync("c", {"type": "n", "n": number})
    for thread in threads:
        thread.join(30)
    assert sorted(got[0] + got[1]) == list(range(2000))


def test_a_loop_that_was_closed_with_a_reader_does_not_take_messages_along():
    layer = InMemoryChannelLayer()
    loop = asyncio.new_event_loop()
    task = loop.create_task(layer.receive("c"))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    layer.send_sync("c", {"type": "x"})
    assert asyncio.run(layer.receive("c")) == {"type": "x"}
    task._log_destroy_pending = False


@pytest.mark.parametrize("burst", [500])
async def test_a_burst_from_one_task_to_a_thousand_members_arrives_whole(burst):
    layer = InMemoryChannelLayer()
    got = 0

    async def read(name):
        nonlocal got
        while True:
            await layer.receive(name)
            got += 1

    names = [await layer.new_channel() for _ in range(1000)]
    for name in names:
        await layer.group_add("room", name)
    tasks = [asyncio.create_task(read(name)) for name in names]
    await asyncio.sleep(0)
    await asyncio.gather(*(layer.group_send("room", {"type": "n", "n": n}) for n in range(burst)))
    for _ in range(1500):
        if got == 1000 * burst:
            break
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    assert got == 1000 * burst
    assert sum(layer.stats()["dropped"].values()) == 0


def test_a_forked_child_starts_afresh_and_leaves_its_parent_alone():
    layer = InMemoryChannelLayer()
    layer.send_sync("c", {"type": "parent"})
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            empty = layer.stats()["unread"] == 0
            layer.send_sync("c", {"type": "child"})
            got = asyncio.run(asyncio.wait_for(layer.receive("c"), 5))
            os.write(writing, b"ok" if empty and got == {"type": "child"} else b"no")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 2) == b"ok"
    os.close(reading)
    os.close(writing)
    assert asyncio.run(layer.receive("c")) == {"type": "parent"}


MEMORY = textwrap.dedent(
    """
    import asyncio, gc, os
    from chanx.layers import InMemoryChannelLayer

    def rss():
        gc.collect()
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    async def cycle(layer, count):
        for start in range(0, count, 1000):
            names = [await layer.new_channel() for _ in range(1000)]
            tasks = [asyncio.create_task(layer.receive(name)) for name in names]
            for name in names:
                await layer.group_add(f"room{start}", name)
            await asyncio.sleep(0)
            await layer.group_send(f"room{start}", {"type": "x", "data": "y" * 1000})
            await asyncio.gather(*tasks)
            tasks = [asyncio.create_task(layer.receive(name)) for name in names]
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for number, name in enumerate(names):
                if number % 2:
                    layer.drop_channel(name)
                else:
                    await layer.group_discard(f"room{start}", name)

    async def main():
        layer = InMemoryChannelLayer()
        await cycle(layer, 5000)
        before = rss()
        await cycle(layer, 100_000)
        stats = layer.stats()
        assert (stats["channels"], stats["groups"], stats["unread"]) == (0, 0, 0), stats
        print(before, rss())

    asyncio.run(main())
    """
)


def test_memory_is_back_after_a_hundred_thousand_channels():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after < before * 1.05


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_an_idle_channel_costs_under_a_kilobyte():
    layer = InMemoryChannelLayer()
    before = resident_bytes()
    count = 50_000
    for number in range(count):
        await layer.group_add("room", f"specific.0123456789abcdef!{number}")
    assert (resident_bytes() - before) / count < 1024


def test_loops_are_freed_with_their_descriptors():
    layer = InMemoryChannelLayer()

    async def use():
        reader = asyncio.create_task(layer.receive("c"))
        await asyncio.sleep(0)
        await layer.send("c", {"type": "x"})
        await reader

    asyncio.run(use())
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        asyncio.run(use())
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_it_works_under_uvloop():
    import uvloop

    layer = InMemoryChannelLayer()

    async def main():
        reader = asyncio.create_task(layer.receive("c"))
        await asyncio.sleep(0)
        await asyncio.to_thread(layer.send_sync, "c", {"type": "x"})
        assert await asyncio.wait_for(reader, 5) == {"type": "x"}
        late = asyncio.create_task(layer.receive("c"))
        await asyncio.sleep(0)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


@pytest.mark.parametrize("options", [{}, {"channel_capacity": {"a*": 3}}])
def test_a_layer_that_nobody_keeps_is_freed(options):
    layer = InMemoryChannelLayer(**options)
    layer.send_sync("abc", {"type": "x"})
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None
