"""What a client has to know of a document: channels, and who sends which message."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from chanx.client_generator.loader import SchemaError
from chanx.core.naming import snake_case


@dataclass
class Channel:
    """A channel as seen by the client.

    Attributes:
        key: Key in the document.
        module: Name for its package, in snake case.
        class_name: Name of its client class.
        address: Path, parameters as ``{name}``, with a leading slash.
        title: Title in the document.
        description: Description in the document.
        incoming: Keys of the schemas that the server sends.
        outgoing: Keys of the schemas that the client sends.
        discriminator: The field that tells messages apart (``x-discriminator``).
        topic: ``x-topic`` of a topic: name, pattern and parameters.
        topics: The topics that this channel carries.
    """

    key: str
    module: str
    class_name: str
    address: str
    title: str
    description: str
    incoming: list[str] = field(default_factory=list[str])
    outgoing: list[str] = field(default_factory=list[str])
    discriminator: str = "action"
    topic: dict[str, Any] | None = None
    topics: "list[Channel]" = field(default_factory=list["Channel"])


def pascal_case(name: str) -> str:
    """Write a key as a class name: ``run_topic`` becomes ``RunTopic``."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", name) if part]
    written = "".join(part[0].upper() + part[1:] for part in parts)
    return written if written and not written[0].isdigit() else f"C{written}"


def module_name(key: str) -> str:
    """Write a key as the name of a module."""
    name = re.sub(r"\W+", "_", snake_case(key), flags=re.ASCII).strip("_").lower()
    return name if name and not name[0].isdigit() else f"c{name}"


class Analyzer:
    """Reads a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The schemas of the document by key."""
        found: dict[str, dict[str, Any]] = self.document.get("components", {}).get("schemas", {})
        return found

    def channels(self) -> list[Channel]:
        """List the channels; topics hang below the channel of their connection as well.

        A topic whose consumer has no messages of its own has no such channel in the document; one
        that only carries topics is made up for it.

        Raises:
            SchemaError: An operation refers to something that is not there.
        """
        channels = {
            key: self._channel(key, content) for key, content in self.document.get("channels", {}).items()
        }
        for operation in self.document.get("operations", {}).values():
            channel = channels[_last(operation["channel"]["$ref"])]
            messages = self._schemas_of(operation.get("messages", ()))
            replies = self._schemas_of(operation.get("reply", {}).get("messages", ()))
            if operation["action"] == "receive":  # by the server
                _extend(channel.outgoing, messages)
                _extend(channel.incoming, replies)
            else:
                _extend(channel.incoming, messages)
        return self._with_hosts(list(channels.values()))

    def _channel(self, key: str, content: dict[str, Any]) -> Channel:
        return Channel(
            key=key,
            module=module_name(key),
            class_name=f"{pascal_case(key)}Client",
            address="/" + str(content.get("address") or "").lstrip("/"),
            title=str(content.get("title") or key),
            description=str(content.get("description") or "").strip(),
            discriminator=str(content.get("x-discriminator") or "action"),
            topic=content.get("x-topic"),
        )

    def _with_hosts(self, channels: list[Channel]) -> list[Channel]:
        hosts = {channel.address: channel for channel in channels if channel.topic is None}
        made: list[Channel] = []
        for channel in channels:
            if channel.topic is None:
                continue
            host = hosts.get(channel.address)
            if host is None:
                key = channel.key.removesuffix(str(channel.topic["name"])).rstrip("_") or "connection"
                if any(key == other.key for other in channels):
                    key = f"{key}_connection"
                host = self._channel(key, {"address": channel.address, "title": key})
                hosts[channel.address] = host
                made.append(host)
            host.topics.append(channel)
        return channels + made

    def _schemas_of(self, refs: Iterable[dict[str, str]]) -> list[str]:
        """The keys of the schemas of messages that are referred to by way of their channel."""
        keys: list[str] = []
        for ref in refs:
            message = self.resolve(self.resolve(ref))
            payload = message.get("payload", {})
            if "$ref" not in payload:
                raise SchemaError(f"the message {ref['$ref']} has no payload in components.schemas")
            keys.append(_last(payload["$ref"]))
        return keys

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Follow one reference, if there is one.

        Raises:
            SchemaError: It leads nowhere.
        """
        ref = node.get("$ref")
        if ref is None:
            return node
        found: Any = self.document
        for part in str(ref).removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if found else None
        if not isinstance(found, dict):
            raise SchemaError(f"the reference {ref} leads nowhere")
        return found


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _extend(known: list[str], more: Iterable[str]) -> None:
    known.extend(key for key in dict.fromkeys(more) if key not in known)
