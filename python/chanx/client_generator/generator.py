"""The files of a Python client."""

import shutil
from importlib.resources import files
from pathlib import Path

from chanx.client_generator.analyzer import Analyzer, Channel
from chanx.client_generator.loader import load_schema
from chanx.client_generator.python_types import PythonTypes, docstring, field_name

_BASE_FILES = ("__init__.py", "client.py", "topic_client.py")


class ClientGenerator:
    """Writes a package with a client for each channel of a document.

    Attributes:
        document: The document.
        output: The package's directory.
    """

    def __init__(
        self,
        schema_path: str,
        output_dir: str | Path,
        generate_readme: bool = True,
        clear_output: bool = False,
        override_base: bool = False,
        clear_channels: bool = True,
    ) -> None:
        """Read a document.

        Args:
            schema_path: Path or URL of the document.
            output_dir: The package's directory.
            generate_readme: Whether to write a README.md.
            clear_output: Whether to remove everything in the directory first.
            override_base: Whether to write the ``base`` package although it is there already.
            clear_channels: Whether to remove the directories of channels first.

        Raises:
            SchemaError: The document cannot be read, or is none that a client can be made of.
        """
        self.document = load_schema(schema_path)
        self.output = Path(output_dir)
        self._readme_wanted = generate_readme
        self._clear_output = clear_output
        self._override_base = override_base
        self._clear_channels = clear_channels
        analyzer = Analyzer(self.document)
        self._channels = analyzer.channels()
        self._types = PythonTypes(analyzer.schemas)

    def generate(self) -> list[Path]:
        """Write the package.

        Returns:
            The files written.
        """
        if self._clear_output and self.output.exists():
            shutil.rmtree(self.output)
        if self._clear_channels:
            for channel in self._channels:
                shutil.rmtree(self.output / channel.module, ignore_errors=True)
        contents = self.files()
        base = self.output / "base"
        if self._override_base or not base.exists():
            source = files("chanx.client_generator.base")
            for name in _BASE_FILES:
                contents[f"base/{name}"] = source.joinpath(name).read_text(encoding="utf-8")
        written: list[Path] = []
        for name, content in contents.items():
            path = self.output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            written.append(path)
        return written

    def files(self) -> dict[str, str]:
        """Make the files that depend on the document: contents by path."""
        info = self.document["info"]
        summary = docstring(f"Client of {info['title']} {info['version']}, made from its AsyncAPI document.")
        contents = {
            "__init__.py": f"{summary}\n\n__version__ = {info['version']!r}\n__title__ = {info['title']!r}\n",
            "shared/__init__.py": '"""Types that channels share."""\n',
            "shared/messages.py": self._types.source(),
        }
        for channel in self._channels:
            contents[f"{channel.module}/__init__.py"] = _package(channel)
            contents[f"{channel.module}/messages.py"] = self._messages(channel)
            contents[f"{channel.module}/client.py"] = self._client(channel)
        if self._readme_wanted:
            contents["README.md"] = self._readme()
        return contents

    def _messages(self, channel: Channel) -> str:
        names = self._types.names
        used = sorted({names[key] for key in [*channel.incoming, *channel.outgoing]})
        lines = [docstring(f"Messages of the channel {channel.title}."), ""]
        if not channel.outgoing:
            lines.append("from typing_extensions import Never, TypeAlias")
        else:
            lines.append("from typing_extensions import TypeAlias")
        lines.append("")
        if used:
            lines += [f"from ..shared.messages import {', '.join(used)}", ""]
        # Nothing arrives: pydantic has to have a type to validate by, and it knows no Never.
        for alias, keys, nothing in (
            ("IncomingMessage", channel.incoming, "None"),
            ("OutgoingMessage", channel.outgoing, "Never"),
        ):
            union = " | ".join(names[key] for key in keys) or nothing
            lines.append(f"{alias}: TypeAlias = {union}")
        exported = ", ".join(repr(name) for name in ["IncomingMessage", "OutgoingMessage", *used])
        return "\n".join([*lines, "", f"__all__ = [{exported}]", ""])

    def _client(self, channel: Channel) -> str:
        if channel.topic is not None:
            return _topic_client(channel)
        return _connection_client(channel) if channel.topics else _plain_client(channel)

    def _readme(self) -> str:
        info = self.document["info"]
        rows = "\n".join(
            f"| `{channel.class_name}` | `{channel.module}.client` | `{channel.address}` | "
            f"{' '.join(channel.description.split())} |"
            for channel in self._channels
        )
        return (
            f"# Client of {info['title']} {info['version']}\n\n"
            "Made by `chanx generate-client` from an AsyncAPI document; make it again instead of changing it.\n"
            "It needs pydantic and websockets.\n\n"
            "| client | module | address | |\n|---|---|---|---|\n"
            f"{rows}\n\n"
            "Subclass a client, define `handle_message`, and await `handle()`:\n"
            '`MyClient("localhost:8000", path_params={...}).handle()`. Messages go out by `send_message`.\n'
        )


def _package(channel: Channel) -> str:
    return (
        f"{docstring(f'The channel {channel.title}.')}\n\n"
        f"from .client import {channel.class_name}\n"
        "from .messages import IncomingMessage, OutgoingMessage\n\n"
        f'__all__ = ["{channel.class_name}", "IncomingMessage", "OutgoingMessage"]\n'
    )


def _class_doc(channel: Channel, first: str) -> str:
    text = f"{first}\n\n{channel.description}" if channel.description else first
    return docstring(text, "    ")


def _discriminator(channel: Channel) -> str:
    """The line that says what messages are told apart by, where it is not the usual field."""
    return (
        f"    discriminator_field = {channel.discriminator!r}\n" if channel.discriminator != "action" else ""
    )


_METHODS = '''\
    async def send_message(self, message: OutgoingMessage) -> None:
        """Send a message."""
        await super().send_message(message)

    async def handle_message(self, message: IncomingMessage) -> None:
        """Called with each message; override it."""
'''


def _plain_client(channel: Channel) -> str:
    return f"""\
{docstring(f"Client of the channel {channel.title}.")}

from ..base.client import BaseClient
from .messages import IncomingMessage, OutgoingMessage


class {channel.class_name}(BaseClient):
    {_class_doc(channel, f"A connection to {channel.address}.")}

    path = {channel.address!r}
    incoming_message = IncomingMessage
{_discriminator(channel)}
{_METHODS}"""


def _connection_client(channel: Channel) -> str:
    imports = "\n".join(f"from ..{topic.module}.client import {topic.class_name}" for topic in channel.topics)
    methods = "\n".join(_topic_method(topic) for topic in channel.topics)
    return f"""\
{docstring(f"Client of the channel {channel.title}, which carries topics.")}

from typing import Any

from ..base.topic_client import BaseTopicConnection
{imports}
from .messages import IncomingMessage, OutgoingMessage


class {channel.class_name}(BaseTopicConnection):
    {_class_doc(channel, f"A connection to {channel.address}; it hands out the topics.")}

    path = {channel.address!r}
    incoming_message = IncomingMessage
{_discriminator(channel)}
{methods}
{_METHODS}"""


def _topic_method(topic: Channel) -> str:
    meta = topic.topic or {}
    names = [field_name(str(name)) for name in meta.get("parameters", ())]
    arguments = "".join(f", {name}: Any" for name in names)
    passed = "".join(f", {name}={name}" for name in names)
    return (
        f"    def {field_name(str(meta['name']))}(self{arguments}) -> {topic.class_name}:\n"
        f"        {docstring('The topic ' + str(meta['pattern']) + '.')}\n"
        f"        return self.topic({topic.class_name}{passed})\n"
    )


def _topic_client(channel: Channel) -> str:
    pattern = (channel.topic or {})["pattern"]
    return f"""\
{docstring(f"The topic {channel.title}.")}

from ..base.topic_client import BaseTopicHandle
from .messages import IncomingMessage, OutgoingMessage


class {channel.class_name}(BaseTopicHandle):
    {_class_doc(channel, f"The topic {pattern}, over the connection at {channel.address}.")}

    pattern = {pattern!r}
    incoming_message = IncomingMessage

{_METHODS}"""
