"""Decoding: what the fast path accepts is what pydantic accepts, and it does accept the ordinary."""

import json
import sys

import pytest
from codec_cases import MESSAGES, VALID, check_text, examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chanx.codec import FrameDecoder, MessageCodec

decoder = FrameDecoder(MESSAGES)


@pytest.mark.parametrize("document", VALID)
def test_ordinary_messages_take_the_fast_path(document):
    text = json.dumps(document)
    assert decoder(text) is not None
    assert check_text(text)[0] == "valid"
    assert check_text(json.dumps(document, ensure_ascii=False))[0] == "valid"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "{", "[]", "1", "null", '"x"', "{}", '{"action":"ping"}x', '{"action":"ping",}',
        "\ufeff" + '{"action":"ping"}', ' \t\n\r{ "action" : "ping" } \n', '\x0b{"action":"ping"}',
        '{"action":"ping","action":"tree"}', '{"action":"tree","action":"ping"}', '{"action":1}', '{"action":null}',
        '{"action":"tree","value":1.0}', '{"action":"tree","value":1.5}', '{"action":"tree","value":-0}',
        '{"action":"tree","value":01}', '{"action":"tree","value":1e2}', '{"action":"tree","value":"7"}',
        '{"action":"tree","value":true}', '{"action":"tree","value":100}', '{"action":"tree","value":-6}',
        '{"action":"tree","value":9223372036854775808}', '{"action":"tree","value":99999999999999999999999}',
        '{"action":"tree","anything":NaN}', '{"action":"tree","anything":-Infinity}',
        '{"action":"tree","anything":1e400}', '{"action":"tree","anything":1e-400}',
        '{"action":"tree","anything":18446744073709551615}', '{"action":"tree","anything":18446744073709551616}',
        '{"action":"tree","anything":-9223372036854775808}', '{"action":"tree","anything":-9223372036854775809}',
        '{"action":"tree","anything":{"a":1,"b":2,"a":3}}', '{"action":"tree","ratio":NaN}',
        '{"action":"tree","ratio":-1.5}', '{"action":"tree","ratio":2}', '{"action":"tree","ratio":2.0000000000000004}',
        '{"action":"tree","ratio":"1"}', '{"action":"tree","ratio":true}', '{"action":"tree","children":{}}',
        '{"action":"tree","anything":"\\ud800"}', '{"action":"tree","anything":"\\ud83d\\ude00"}',
        '{"action":"tree","anything":"\\udc00\\ud800"}', '{"action":"tree","anything":"\u0000"}',
        '{"action":"tree","anything":"\\u0000\\/\\b"}', '{"action":"tree","anything":"a\nb"}',
        '{"action":"tree","anything":"\\x"}', '{"action":"tree","anything":"\ud800"}',
        '{"action":"bulk","items":[{"id":1,"title":"123456789"}]}',
        '{"action":"bulk","items":[{"id":1,"title":"é€😀é€😀é€"}]}',
        '{"action":"bulk","items":[{"id":1,"title":""}]}', '{"action":"bulk","items":[{"id":1,"title":"a","price":3}]}',
        '{"action":"bulk","items":[],"by_name":{"a":null,"a":{"id":1,"title":"x"}}}',
        '{"action":"bulk","items":[],"by_name":{"a":{"id":1,"title":"x"},"b":null,"a":null}}',
        '{"action":"strict","kind":1}', '{"action":"strict","kind":true}', '{"action":"strict","kind":1.0}',
        '{"action":"strict","kind":"1"}', '{"action":"strict","kind":null}', '{"action":"strict","kind":3}',
        '{"action":"strict","theText":"\u00a0ab"}', '{"action":"strict","theText":" abcde "}',
        '{"action":" strict"}', '{"action":"strict","theText":"abcdef"}', '{"action":"strict","text":"a"}',
        '{"action":"strict","other":1}',
        '{"action":"ping","payload":{}}', '{"action":"new_chat_message","payload":{"message":1,"name":"a"}}',
        '{"action":"new_chat_message","payload":{"name":"a"}}', '{"action":"new_chat_message","payload":null}',
        '{"action":"tree","value":"bad","value":3}', '{"action":"tree","value":3,"value":"bad"}',
    ],
)  # fmt: skip
def test_edges_get_pydantics_verdict(text):
    check_text(text)


@pytest.mark.parametrize("depth", [1, 30, 31, 32, 33, 63, 64, 65, 100])
def test_deep_documents_get_pydantics_verdict(depth):
    check_text('{"action":"tree","anything":' + "[" * depth + "]" * depth + "}")
    check_text('{"action":"tree","children":[' * depth + "]}" * depth)


@pytest.mark.parametrize("depth", [200, 253, 254, 255, 256, 2_000])
def test_documents_beyond_the_fast_paths_depth_get_pydantics_verdict(depth):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)  # for the comparison, which goes as deep
    try:
        for text in ('{"action":"tree","children":[' * depth + "]}" * depth, "[" * depth + "]" * depth):
            assert decoder(text) is None
            check_text(text)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("depth", [2_000, 5_000])
def test_documents_beyond_pythons_depth_are_refused_like_the_references(depth):
    for text in ('{"action":"tree","children":[' * depth + "]}" * depth, "[" * depth + "]" * depth):
        assert decoder(text) is None
        check_text(text)


def test_ten_thousand_levels_get_the_references_verdict_and_do_no_harm():
    text = '{"action":"tree","anything":' + "[" * 10_000 + "]" * 10_000 + "}"
    assert decoder(text) is None

    def verdict(validate):
        try:
            validate(text)
        except (RecursionError, ValidationError) as error:
            return type(error)
        return None  # Python 3.14 reads as deep as the machine's stack

    codec = MessageCodec(MESSAGES)
    assert verdict(codec.validate) == verdict(lambda text: MESSAGES.validate_python(json.loads(text)))


def test_envelopes_and_other_texts_take_the_slow_path():
    for key in ("version", "topic", "ref", "seq"):
        assert decoder(json.dumps({"action": "ping", key: 1})) is None
    assert decoder('{"action":"ping","Ref":1}') is not None
    for text in ("", "[]", '"ping"', "\ud800", '{"action":"\ud800"}'):
        assert decoder(text) is None


def test_decoders_take_text_only():
    with pytest.raises(TypeError, match="expected str"):
        decoder(b'{"action":"ping"}')
    with pytest.raises(TypeError, match="one argument"):
        decoder()
    with pytest.raises(TypeError, match="str or bytes"):
        MessageCodec(MESSAGES).validate(None)


def test_a_byte_order_mark_is_refused_as_json_loads_does():
    text = '\ufeff{"action":"ping"}'
    assert check_text(text)[0] == "JSONDecodeError"
    for document in (text, text.encode()):
        with pytest.raises(json.JSONDecodeError, match="BOM"):
            MessageCodec(MESSAGES).validate(document)
        with pytest.raises(ValidationError, match="expected value at line 1 column 1"):
            MessageCodec(MESSAGES, mode="json").validate(document)


def test_bytes_are_utf_8():
    codec = MessageCodec(MESSAGES)
    text = json.dumps(VALID[2], ensure_ascii=False)
    assert codec.validate(text.encode()) == codec.validate(text)
    with pytest.raises(UnicodeDecodeError):
        codec.validate(text.encode("latin-1", "replace"))


# Documents near the valid ones: one place of a valid document replaced, removed or doubled, or a character of its text.
_leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from([[], {}, "ping", "tree", "three", 1, 2, 1.0, 99, 100, -5, 2**63, 2**64, "1", "true"])
)  # fmt: skip
_values = st.recursive(
    _leaves,
    lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=5), s, max_size=3),
    max_leaves=5,
)


def _places(node, path=()):
    yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))


@st.composite
def _neighbours(draw):
    document = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(list(_places(document))))
        if not path:
            continue
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        what = draw(st.sampled_from(["replace", "remove", "add"]))
        if what == "replace":
            parent[path[-1]] = draw(_values)
        elif what == "remove":
            del parent[path[-1]]
        elif isinstance(parent, dict):
            parent[draw(st.text(max_size=4))] = draw(_values)
    return json.dumps(document, ensure_ascii=draw(st.booleans()))


@examples(1500)
@given(_neighbours())
def test_neighbours_of_valid_documents_get_pydantics_verdict(text):
    check_text(text)


@examples(1000)
@given(st.sampled_from(VALID), st.data())
def test_texts_with_a_changed_character_get_pydantics_verdict(document, data):
    text = json.dumps(document, ensure_ascii=data.draw(st.booleans()))
    at = data.draw(st.integers(0, len(text)))
    piece = data.draw(
        st.text(st.sampled_from('{}[],:"\\ue0123456789.-+eE truefalsn\ud800\u00e9\x00\n'), max_size=3)
    )
    check_text(text[:at] + piece + text[at + data.draw(st.integers(0, 2)) :])


@examples(500)
@given(_values)
def test_any_values_are_those_of_json_loads(value):
    check_text(json.dumps({"action": "tree", "anything": value}))
