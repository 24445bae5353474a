"""Messages built by the core are ordinary pydantic instances, and building them leaks nothing."""

import copy
import gc
import json
import pickle
import sys
import threading
import warnings
import weakref
from typing import Any, Literal

import pytest
from codec_cases import MESSAGES, VALID, Bulk, Chat, Item, Payload, Strict, Tree, fingerprint
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, create_model

from chanx.codec import FrameDecoder, FrameEncoder, MessageCodec

decoder = FrameDecoder(MESSAGES)


def build(document: dict[str, Any]) -> Any:
    message = decoder(json.dumps(document))
    assert message is not None
    return message


@pytest.mark.parametrize("document", VALID)
def test_instances_behave_as_pydantics_own(document):
    message, reference = build(document), MESSAGES.validate_python(document)
    assert message == reference
    assert repr(message) == repr(reference)
    assert message.model_dump() == reference.model_dump()
    assert message.model_dump_json() == reference.model_dump_json()
    assert message.model_fields_set == reference.model_fields_set
    assert type(message.__dict__) is dict
    for twin in (
        pickle.loads(pickle.dumps(message)),
        copy.copy(message),
        copy.deepcopy(message),
        message.model_copy(deep=True),
    ):
        assert fingerprint(twin) == fingerprint(reference)
    assert sys.getsizeof(message) == sys.getsizeof(reference)
    assert gc.is_tracked(message)


def test_instances_can_be_changed_without_touching_others():
    first, second = build({"action": "tree"}), build({"action": "tree"})
    first.value = 7
    first.children.append(first)
    first.model_fields_set.add("ratio")
    assert first.model_fields_set == {"action", "value", "ratio"}
    assert (second.value, second.children, second.model_fields_set) == (0, [], {"action"})
    assert build({"action": "tree"}) == second
    del first.__dict__["value"]
    assert "value" in build({"action": "tree"}).__dict__


def test_frozen_instances_stay_frozen():
    message = build({"action": "strict"})
    assert isinstance(message, Strict)
    with pytest.raises(ValidationError, match="frozen"):
        message.text = "a"
    assert hash(message) == hash(Strict(action="strict"))


def test_instances_take_weak_references_and_are_collected():
    message = build({"action": "tree", "children": [{}]})
    seen = weakref.ref(message)
    message.children.append(message)  # a cycle through the instance's dict
    del message
    gc.collect()
    assert seen() is None


def test_mutable_defaults_are_not_shared():
    class Base(BaseModel):
        action: Literal["d"] = "d"
        names: list[str] = ["a"]
        nested: dict[str, list[int]] = {"a": [1]}
        made: list[int] = Field(default_factory=lambda: [1, 2])
        free: Any = Field(default_factory=dict)

    codec = MessageCodec(Base)
    first, second = codec.validate("{}"), codec.validate("{}")
    first.names.append("b")
    first.nested["a"].append(2)
    first.made.clear()
    first.free["x"] = 1
    assert fingerprint(second) == fingerprint(Base.model_validate({}))


class Parent(BaseModel):
    action: Literal["p"] = "p"
    one: int = 1


class Child(Parent):
    two: str = "2"
    __slots__ = ("extra_slot",)


def test_subclasses_with_slots_are_built_whole():
    message = FrameDecoder(TypeAdapter(Child))('{"one":5}')
    assert fingerprint(message) == fingerprint(Child(one=5))
    assert list(message.__dict__) == ["action", "one", "two"]
    with pytest.raises(AttributeError):
        message.extra_slot  # noqa: B018 -- an empty slot raises
    object.__setattr__(message, "extra_slot", 3)
    assert message.extra_slot == 3


def test_names_of_the_class_do_not_get_in_the_way_of_fields():
    class Mixin:
        one = property(lambda self: "the mixin's")  # a data descriptor: setting the attribute would call it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        class Shadowing(Mixin, Parent):
            pass

    decode = FrameDecoder(TypeAdapter(Shadowing))
    message, reference = decode('{"one":5}'), Shadowing.model_validate({"one": 5})
    assert fingerprint(message) == fingerprint(reference)
    assert message.__dict__ == {"action": "p", "one": 5}


@pytest.mark.parametrize("count", [1, 29, 30, 31, 40])
@pytest.mark.parametrize("made_before", [0, 40])  # then the class learns no names of attributes any more
def test_instances_of_any_width_are_ordinary(count, made_before):
    wide = create_model("Wide", **{f"field_{n}": (int, n) for n in range(count)})
    for _ in range(made_before):
        wide()
    codec = MessageCodec(wide)
    for _ in range(50):  # Python learns the attributes of a class from its first instances
        message, reference = codec.validate('{"field_0":-1}'), wide.model_validate({"field_0": -1})
        assert message == reference
        assert list(message.__dict__.items()) == list(reference.__dict__.items())
    message.field_0 = 7
    message.__dict__["field_1"] = 8
    assert (message.field_0, message.field_1) == (7, 8)
    assert codec.validate("{}").field_0 == 0
    del message.field_0
    assert not hasattr(message, "field_0")


def test_making_a_codec_ends_no_instance():
    ended = []

    class Ending(Parent):
        def __del__(self) -> None:
            ended.append(self.one)

    codec = MessageCodec(Ending)
    gc.collect()
    assert ended == []
    codec.validate('{"one":3}')
    assert ended == [3]


def test_short_strings_are_as_good_as_new_ones():
    codec = MessageCodec(TypeAdapter(list[str]))
    texts = [
        "",
        "a",
        "ab",
        "abcdefgh",
        "abcdefghi",
        "a" * 16,
        "a" * 17,
        "b" * 7 + "\x00",
        "\x00\x00",
        "\x00",
        "é",
        "aé",
    ]
    for _ in range(3):
        assert codec.validate(json.dumps(texts)) == texts
        assert codec.validate(json.dumps([text + "x" for text in texts])) == [text + "x" for text in texts]
        assert codec.validate(json.dumps([text[::-1] for text in texts])) == [text[::-1] for text in texts]
    many = [f"{n:x}" for n in range(5000)]
    assert codec.validate(json.dumps(many)) == many
    assert codec.validate(json.dumps(many[::-1])) == many[::-1]


def test_a_default_factory_runs_only_for_messages_that_fit():
    calls = []

    class Counted(BaseModel):
        number: int = Field(default_factory=lambda: calls.append(1) or len(calls))
        text: str

    decode = FrameDecoder(TypeAdapter(Counted))
    assert decode('{"text":1}') is None
    assert decode('{"number":"x","text":"a"}') is None
    assert calls == []
    assert decode('{"text":"a"}').number == 1


def test_a_failing_default_factory_raises_as_pydantic_does():
    def fail() -> int:
        raise LookupError("no number")

    class Failing(BaseModel):
        number: int = Field(default_factory=fail)

    assert FrameDecoder(TypeAdapter(Failing))("{}") is None
    with pytest.raises(LookupError, match="no number"):
        MessageCodec(Failing).validate("{}")


def test_a_default_factory_may_decode_a_message_itself():
    inner = FrameDecoder(TypeAdapter(Payload))

    class Outer(BaseModel):
        first: Payload = Field(default_factory=lambda: inner('{"message":"m","name":"n"}'))
        second: str

    message = FrameDecoder(TypeAdapter(Outer))('{"second":"still here, and long enough"}')
    assert message.second == "still here, and long enough"
    assert message.first == Payload(message="m", name="n")


def test_reference_counts_return_to_where_they_were():
    codec = MessageCodec(MESSAGES)
    encoder = FrameEncoder()
    texts = [json.dumps(document) for document in VALID] + [
        '{"action":"tree","children":[{"value":"x"}]}',
        "{",
        "[]",
    ]
    classes = (Chat, Payload, Bulk, Item, Tree, Strict)
    shared = [None, True, False, "tree", "ping", ""]

    def round_trip() -> None:
        for text in texts:
            message = decoder(text)
            if message is not None:
                encoder(message)
                codec.encode(codec.validate(text))

    for _ in range(20):
        round_trip()
    gc.collect()
    before = [sys.getrefcount(o) for o in (*classes, *shared)]
    objects = len(gc.get_objects())
    for _ in range(300):
        round_trip()
    gc.collect()
    after = [sys.getrefcount(o) for o in (*classes, *shared)]
    assert all(abs(a - b) < 20 for a, b in zip(after, before, strict=True)), (before, after)
    assert abs(len(gc.get_objects()) - objects) < 50


def test_many_messages_leave_no_memory_behind():
    with open("/proc/self/statm") as statm:
        page = 4096

        def resident() -> int:
            statm.seek(0)
            return int(statm.read().split()[1]) * page

        text = json.dumps(VALID[4])
        encoder = FrameEncoder()
        for _ in range(20_000):
            encoder(decoder(text))
        gc.collect()
        before = resident()
        for _ in range(100_000):
            encoder(decoder(text))
            decoder('{"action":"tree","children":[{"value":1},{"value":"x"}]}')
        gc.collect()
        assert resident() - before < 4 * 2**20


def test_a_large_frame_gives_its_memory_back():
    with open("/proc/self/statm") as statm:

        def resident() -> int:
            statm.seek(0)
            return int(statm.read().split()[1]) * 4096

        decoder('{"action":"ping"}')
        before = resident()
        text = '{"action":"tree","anything":[' + "1," * 3_000_000 + "1]}"
        assert len(decoder(text).anything) == 3_000_001
        del text
        gc.collect()
        assert resident() - before < 40 * 2**20  # the parser alone takes over 100 MiB for it


def test_decoders_and_their_classes_are_collected():
    def make() -> weakref.ref[Any]:
        class Local(BaseModel):
            own: Any = None
            next: "Local | None" = None

        Local.model_rebuild()
        Local.decoder = FrameDecoder(TypeAdapter(Local))  # a cycle through the plan
        assert Local.decoder('{"next":{}}') is not None
        encoder = FrameEncoder()
        assert encoder(Local()) is not None
        return weakref.ref(Local)

    seen = make()
    for _ in range(3):
        gc.collect()
    assert seen() is None


def test_threads_decode_side_by_side():
    texts = [json.dumps(document) for document in VALID]
    wanted = [fingerprint(MESSAGES.validate_python(document)) for document in VALID]
    wrong: list[str] = []

    def work() -> None:
        for _ in range(300):
            for text, want in zip(texts, wanted, strict=True):
                if fingerprint(decoder(text)) != want:
                    wrong.append(text)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
