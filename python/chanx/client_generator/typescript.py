"""Browser clients: an ES module and its TypeScript declarations, with no step of compilation."""

import json
import re
import shutil
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from chanx.client_generator.analyzer import Analyzer, Channel, pascal_case
from chanx.client_generator.loader import load_schema

_RUNTIME: Final = ("runtime.js", "runtime.d.ts")
_TYPES: Final = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)


class TypeScriptGenerator:
    """Writes ``index.js`` with a class for each channel, and ``index.d.ts`` with every type.

    Attributes:
        document: The document.
        output: The directory of the client.
    """

    def __init__(
        self,
        schema_path: str,
        output_dir: str | Path,
        generate_readme: bool = True,
        clear_output: bool = False,
    ) -> None:
        """Read a document.

        Args:
            schema_path: Path or URL of the document.
            output_dir: The directory of the client.
            generate_readme: Whether to write a README.md.
            clear_output: Whether to remove everything in the directory first.

        Raises:
            SchemaError: The document cannot be read, or is none that a client can be made of.
        """
        self.document = load_schema(schema_path)
        self.output = Path(output_dir)
        self._readme_wanted = generate_readme
        self._clear_output = clear_output
        analyzer = Analyzer(self.document)
        self._schemas = analyzer.schemas
        self._channels = analyzer.channels()
        self._names = _unique_names(self._schemas)

    def generate(self) -> list[Path]:
        """Write the client.

        Returns:
            The files written.
        """
        if self._clear_output and self.output.exists():
            shutil.rmtree(self.output)
        self.output.mkdir(parents=True, exist_ok=True)
        source = files("chanx.client_generator.browser")
        contents = {name: source.joinpath(name).read_text(encoding="utf-8") for name in _RUNTIME}
        contents["index.js"] = self._module()
        contents["index.d.ts"] = self._declarations()
        contents["package.json"] = self._package()
        if self._readme_wanted:
            contents["README.md"] = self._readme()
        for name, content in contents.items():
            (self.output / name).write_text(content, encoding="utf-8")
        return [self.output / name for name in contents]

    def _package(self) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", str(self.document["info"]["title"]).lower()).strip("-")
        package = {
            "name": f"{name or 'websocket'}-client",
            "version": "0.0.0",
            "private": True,
            "type": "module",
            "main": "./index.js",
            "types": "./index.d.ts",
        }
        return json.dumps(package, indent=2) + "\n"

    def _module(self) -> str:
        lines = [
            f"// Client of {_one_line(self.document['info'])}, made from its AsyncAPI document.",
            'import { Connection, Topic, channelUrl, fill } from "./runtime.js";',
            'export { Connection, Topic } from "./runtime.js";',
        ]
        # Topics first: the methods of connections name their classes.
        for channel in sorted(self._channels, key=lambda channel: channel.topic is None):
            lines += ["", *(_topic_js(channel) if channel.topic else _connection_js(channel))]
        return "\n".join(lines) + "\n"

    def _declarations(self) -> str:
        lines = [
            f"// Types of {_one_line(self.document['info'])}, made from its AsyncAPI document.",
            'import { Connection, ConnectionOptions, Topic } from "./runtime.js";',
            'export * from "./runtime.js";',
        ]
        for key, schema in self._schemas.items():
            lines += ["", *self._declare(key, schema)]
        for channel in self._channels:
            lines += ["", *self._declare_channel(channel)]
        return "\n".join(lines) + "\n"

    def _declare(self, key: str, schema: dict[str, Any]) -> list[str]:
        head = _comment(schema.get("description"))
        if schema.get("type") != "object" or "properties" not in schema:
            return [*head, f"export type {self._names[key]} = {self.type_of(schema)};"]
        lines = [*head, f"export interface {self._names[key]} {{"]
        required = set(schema.get("required", ()))
        for name, part in schema["properties"].items():
            lines += _comment(part.get("description"), "  ")
            optional = "" if name in required or "const" in part else "?"
            lines.append(f"  {_property(name)}{optional}: {self.type_of(part)};")
        return [*lines, "}"]

    def type_of(self, schema: Any) -> str:
        """Write the type for a JSON schema."""
        if not isinstance(schema, dict) or not schema:
            return "unknown"
        if "$ref" in schema:
            return self._names.get(str(schema["$ref"]).rpartition("/")[2], "unknown")
        if "const" in schema:
            return json.dumps(schema["const"])
        if "enum" in schema:
            return " | ".join(json.dumps(value) for value in schema["enum"])
        if union := schema.get("oneOf") or schema.get("anyOf"):
            return " | ".join(dict.fromkeys(self.type_of(member) for member in union))
        if all_of := schema.get("allOf"):
            return " & ".join(self._in_parentheses(member) for member in all_of)
        kind = schema.get("type")
        if isinstance(kind, list):
            return " | ".join(self.type_of({**schema, "type": each}) for each in kind)
        if kind == "array":
            if items := schema.get("prefixItems"):
                return f"[{', '.join(self.type_of(item) for item in items)}]"
            return f"{self._in_parentheses(schema.get('items'))}[]"
        if kind == "object":
            return f"Record<string, {self.type_of(schema.get('additionalProperties'))}>"
        return _TYPES.get(str(kind), "unknown")

    def _in_parentheses(self, schema: Any) -> str:
        written = self.type_of(schema)
        return f"({written})" if " " in written and not written.startswith("[") else written

    def _declare_channel(self, channel: Channel) -> list[str]:
        name = channel.class_name.removesuffix("Client")
        incoming, outgoing = f"{name}Incoming", f"{name}Outgoing"
        lines = [
            f"export type {incoming} = {self._union(channel.incoming)};",
            f"export type {outgoing} = {self._union(channel.outgoing)};",
            *_comment(channel.description),
        ]
        if channel.topic:
            head = f"export declare class {_topic_class(channel)}"
            return [*lines, f"{head} extends Topic<{incoming}, {outgoing}{_third(channel)}> {{}}"]
        lines.append(
            f"export declare class {name}Client extends Connection<{incoming}, {outgoing}{_third(channel)}> {{"
        )
        parameters = _parameters(channel.address)
        fields = ", ".join(f"{_property(parameter)}: string | number" for parameter in parameters)
        argument = f"params: {{ {fields} }}, " if parameters else ""
        lines.append(f"  constructor({argument}options?: ConnectionOptions);")
        for topic in channel.topics:
            values = ", ".join(f"{field}: string | number" for field in _topic_parameters(topic))
            lines.append(f"  {_topic_method(topic)}({values}): {_topic_class(topic)};")
        return [*lines, "}"]

    def _union(self, keys: Iterable[str]) -> str:
        return " | ".join(self._names[key] for key in keys) or "never"

    def _readme(self) -> str:
        classes = "\n".join(
            f"- `{channel.class_name}`: `{channel.address}`"
            for channel in self._channels
            if channel.topic is None
        )
        return (
            f"# Client of {_one_line(self.document['info'])}\n\n"
            "Made by `chanx generate-client --language typescript` from an AsyncAPI document; make it again "
            "instead of changing it.\nAn ES module with its TypeScript declarations: import `index.js`.\n\n"
            f"{classes}\n"
        )


def _unique_names(schemas: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken = {"Connection", "ConnectionOptions", "Topic", "Message", "ProtocolMessage", "State"}
    taken |= {"StateChange", "Record", "ActionOf", "OfAction"}
    for key in schemas:
        name = pascal_case(key)
        while name in taken:
            name += "_"
        taken.add(name)
        names[key] = name
    return names


def _one_line(info: dict[str, Any]) -> str:
    return " ".join(f"{info['title']} {info['version']}".split())


def _comment(text: Any, indent: str = "") -> list[str]:
    if not text:
        return []
    lines = str(text).replace("*/", "*\\/").splitlines()
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _property(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else json.dumps(name)


def _parameters(template: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", template)


def _topic_parameters(topic: Channel) -> list[str]:
    return [str(name) for name in (topic.topic or {}).get("parameters", ())]


def _topic_class(topic: Channel) -> str:
    name = topic.class_name.removesuffix("Client")
    return name if name.endswith("Topic") else f"{name}Topic"


def _topic_method(topic: Channel) -> str:
    name = pascal_case(str((topic.topic or {})["name"]))
    return name[0].lower() + name[1:]


def _topic_js(channel: Channel) -> list[str]:
    head = f"export class {_topic_class(channel)} extends Topic"
    if channel.discriminator == "action":
        return [f"{head} {{}}"]
    return [
        f"{head} {{",
        "  constructor(connection, name) {",
        f"    super(connection, name, {json.dumps(channel.discriminator)});",
        "  }",
        "}",
    ]


def _third(channel: Channel) -> str:
    """The type argument that names the discriminator, where it is not the usual one."""
    return "" if channel.discriminator == "action" else f", {json.dumps(channel.discriminator)}"


def _connection_js(channel: Channel) -> list[str]:
    parameters = _parameters(channel.address)
    arguments, values = ("params, options = {}", "params") if parameters else ("options = {}", "{}")
    lines = [
        f"export class {channel.class_name} extends Connection {{",
        f"  constructor({arguments}) {{",
        f"    super(channelUrl({json.dumps(channel.address)}, {values}, options), options{_third(channel)});",
        "  }",
    ]
    for topic in channel.topics:
        names = ", ".join(_topic_parameters(topic))
        pattern = json.dumps((topic.topic or {})["pattern"])
        lines += [
            "",
            f"  {_topic_method(topic)}({names}) {{",
            f"    return this.topic({_topic_class(topic)}, fill({pattern}, {{ {names} }}));",
            "  }",
        ]
    return [*lines, "}"]
