"""JSON to typed message and back: chanx 2.13's way, pydantic, msgspec and orjson against the codec.

usage: python tests/bench/bench_codec.py      microseconds per message, and the shares that the codec aims at
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "python")]

import msgspec
import orjson
from pydantic import BaseModel, Field, TypeAdapter
from runner import table

from chanx.codec import FrameDecoder, FrameEncoder, MessageCodec


class ChatPayload(BaseModel):
    message: str
    name: str


class Chat(BaseModel):
    action: Literal["new_chat_message"]
    payload: ChatPayload


class Item(BaseModel):
    id: int
    title: str
    price: float
    tags: list[str]
    active: bool


class BulkPayload(BaseModel):
    items: list[Item]


class Bulk(BaseModel):
    action: Literal["bulk"]
    payload: BulkPayload


class Ping(BaseModel):
    action: Literal["ping"]
    payload: None = None


class ChatPayloadStruct(msgspec.Struct):
    message: str
    name: str


class ChatStruct(msgspec.Struct, tag_field="action", tag="new_chat_message"):
    payload: ChatPayloadStruct


class ItemStruct(msgspec.Struct):
    id: int
    title: str
    price: float
    tags: list[str]
    active: bool


class BulkPayloadStruct(msgspec.Struct):
    items: list[ItemStruct]


class BulkStruct(msgspec.Struct, tag_field="action", tag="bulk"):
    payload: BulkPayloadStruct


class PingStruct(msgspec.Struct, tag_field="action", tag="ping"):
    payload: None = None


ITEMS = [
    {"id": i, "title": f"title {i}", "price": i * 1.5, "tags": ["a", "bb", "ccc"], "active": True}
    for i in range(50)
]
DOCUMENTS = {
    "ping": {"action": "ping"},
    "chat": {
        "action": "new_chat_message",
        "payload": {"message": "hello there, how are you?", "name": "alice"},
    },
    "bulk50": {"action": "bulk", "payload": {"items": ITEMS}},
    "text16k": {
        "action": "new_chat_message",
        "payload": {"message": "lorem ipsum dolor é€ " * 700, "name": "alice"},
    },
}
# The share of pydantic's validate_json, or of its model_dump_json, that the codec is to stay under.
DECODE_SHARES = {"ping": 0.4, "chat": 0.45, "bulk50": 0.6}
ENCODE_SHARES = {"chat": 0.45}

adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Chat | Bulk | Ping, Field(discriminator="action")])


def compare(what: str, ours: dict[str, float], peer: dict[str, float], shares: dict[str, float]) -> None:
    for case, share in shares.items():
        reached = ours[case] / peer[case]
        print(
            f"{what} {case}: {reached:.2f} of pydantic, to reach {share}{'' if reached <= share else '  MISSED'}"
        )


def main() -> None:
    texts = {name: json.dumps(d, ensure_ascii=False).encode() for name, d in DOCUMENTS.items()}
    codec = MessageCodec(adapter)
    struct_decoder = msgspec.json.Decoder(ChatStruct | BulkStruct | PingStruct)
    decoded = table(
        "decode, us per message",
        {
            "chanx (json.loads, validate_python)": lambda b: adapter.validate_python(json.loads(b)),
            "pydantic validate_json": adapter.validate_json,
            "msgspec Struct": struct_decoder.decode,
            "orjson.loads, no types": orjson.loads,
            "MessageCodec.validate": codec.validate,
        },
        texts,
    )
    compare("decode", decoded["MessageCodec.validate"], decoded["pydantic validate_json"], DECODE_SHARES)
    frames = {name: text.decode() for name, text in texts.items()}
    decoder = FrameDecoder(adapter)
    camel = FrameDecoder(adapter, camelize=True)
    table("decode a text frame", {"FrameDecoder": decoder, "FrameDecoder, camelize": camel}, frames)
    messages = {name: adapter.validate_python(d) for name, d in DOCUMENTS.items()}
    print()
    encoded = table(
        "encode, us per message",
        {
            "chanx (model_dump, json.dumps)": lambda m: json.dumps(m.model_dump(mode="json")),
            "pydantic model_dump_json": lambda m: m.model_dump_json(),
            "MessageCodec.encode": codec.encode,
            "FrameEncoder": FrameEncoder(),
            "FrameEncoder, camelize": FrameEncoder(camelize=True),
        },
        messages,
    )
    compare("encode", encoded["MessageCodec.encode"], encoded["pydantic model_dump_json"], ENCODE_SHARES)


if __name__ == "__main__":
    main()
