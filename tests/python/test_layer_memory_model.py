"""The in-process layer against the one of Channels, by random walks of both."""

import asyncio

import hypothesis.strategies as st
from channels.exceptions import ChannelFull
from channels.layers import InMemoryChannelLayer as ChannelsLayer
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chanx.layers import InMemoryChannelLayer

CHANNELS = st.sampled_from(["one", "two", "specific.abc!x", "specific.abc!y"])
GROUPS = st.sampled_from(["room", "hall"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=8,
)
MESSAGES = st.fixed_dictionaries({"type": st.just("x.y")}, optional={"value": VALUES, "more": VALUES})


async def outcome(coroutine):
    try:
        return await asyncio.wait_for(coroutine, 5)
    except (ChannelFull, TypeError) as error:
        return type(error)


class BothLayers(RuleBasedStateMachine):
    """Does the same to both and compares; what waits is read only when there is something to read."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        options = {"capacity": 4, "channel_capacity": {"tw*": 2}}
        self.ours = InMemoryChannelLayer(**options)
        self.theirs = ChannelsLayer(**options)
        self.theirs.channel_capacity = self.theirs.compile_capacities(options["channel_capacity"])

    def teardown(self):
        self.runner.close()

    def both(self, call):
        ours = self.runner.run(outcome(call(self.ours)))
        theirs = self.runner.run(outcome(call(self.theirs)))
        assert ours == theirs
        return ours

    @rule(channel=CHANNELS, message=MESSAGES)
    def send(self, channel, message):
        self.both(lambda layer: layer.send(channel, message))

    @rule(group=GROUPS, channel=CHANNELS)
    def group_add(self, group, channel):
        self.both(lambda layer: layer.group_add(group, channel))

    @rule(group=GROUPS, channel=CHANNELS)
    def group_discard(self, group, channel):
        self.both(lambda layer: layer.group_discard(group, channel))

    # Ours forgives a group_send to a full channel once, when the reader's loop had no turn since it filled up; a
    # channel that is not full behaves alike in both.
    @precondition(lambda self: not any(queue.full() for queue in self.theirs.channels.values()))
    @rule(group=GROUPS, message=MESSAGES)
    def group_send(self, group, message):
        self.both(lambda layer: layer.group_send(group, message))

    @precondition(lambda self: any(queue.qsize() for queue in self.theirs.channels.values()))
    @rule(data=st.data())
    def receive(self, data):
        waiting = sorted(name for name, queue in self.theirs.channels.items() if queue.qsize())
        channel = data.draw(st.sampled_from(waiting))
        self.both(lambda layer: layer.receive(channel))

    @rule()
    def flush(self):
        self.both(lambda layer: layer.flush())

    @rule(name=st.text(max_size=4).filter(lambda name: name.isascii() and "\n" not in name))
    def names(self, name):
        self.both(lambda layer: layer.group_discard(name, "one"))
        self.both(lambda layer: layer.group_discard("room", name))

    @invariant()
    def both_hold_the_same(self):
        ours = {name: state.unread for name, state in self.ours.channels.items() if state.unread}
        theirs = {name: queue.qsize() for name, queue in self.theirs.channels.items() if queue.qsize()}
        assert ours == theirs
        members = {group: set(channels) for group, channels in self.ours.groups.items() if channels}
        assert members == {group: set(channels) for group, channels in self.theirs.groups.items() if channels}


TestBothLayers = BothLayers.TestCase
TestBothLayers.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
