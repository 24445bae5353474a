"""`chanx generate-client`: the typed Python client, against the real server it was made from."""

import ast
import asyncio
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from project_server import project_server
from pydantic import ValidationError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with project_server() as address:
        yield address


def generate(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chanx.cli.main", "generate-client", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT / "python",
        check=check,
        timeout=60,
    )


@pytest.fixture(scope="module")
def package(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("generated")
    generate("-s", f"http://{server}/asyncapi/schema/", "-o", str(folder / "roomclient"))
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("roomclient")
    finally:
        sys.path.remove(str(folder))


def part(package: ModuleType, name: str) -> Any:
    return importlib.import_module(f"{package.__name__}.{name}")


async def test_a_client_sends_and_receives_typed_messages(server: str, package: ModuleType) -> None:
    room, messages = part(package, "room.client"), part(package, "shared.messages")
    received: asyncio.Queue[Any] = asyncio.Queue()

    class Client(room.RoomClient):  # type: ignore[misc, name-defined]  # made at run time
        async def send_init_message(self) -> None:
            await self.send_message(messages.PingMessage())

        async def handle_message(self, message: Any) -> None:
            await received.put(message)

        async def handle_invalid_message(self, invalid_message: Any) -> None:
            assert invalid_message["action"].endswith("complete")

    client = Client(server, path_params={"room": "red"})
    running = asyncio.create_task(client.handle())
    async with asyncio.timeout(10):
        assert await received.get() == messages.PongMessage()
        line = messages.Line(text="hello", said_at=None)
        await client.send_message(messages.Say(payload=line))
        assert await received.get() == messages.Heard(payload=line)
        await client.disconnect()
        await running


async def test_a_connection_carries_topics(server: str, package: ModuleType) -> None:
    runs, messages = part(package, "runs.client"), part(package, "shared.messages")
    async with asyncio.timeout(10):
        connection = runs.RunsClient(server, query_params={"token": "right"})
        async with connection:
            topic = connection.run_topic(run_id=7)
            assert (await topic.subscribe()).action == "subscribed"
            answer = await topic.request(messages.Say(payload=messages.Line(text="to the run")))
            assert answer == messages.Heard(payload=messages.Line(text="to the run"))
            assert (await topic.unsubscribe()).action == "unsubscribed"
            refused = await topic.request(messages.Say(payload=messages.Line(text="late")))
            assert refused.payload["reason"] == "not_subscribed"
            assert connection.run_topic(run_id=7) is topic


async def test_flat_messages_are_told_apart_by_their_own_field(server: str, package: ModuleType) -> None:
    game, messages = part(package, "game.client"), part(package, "shared.messages")
    received: asyncio.Queue[Any] = asyncio.Queue()

    class Client(game.GameClient):  # type: ignore[misc, name-defined]  # made at run time
        async def handle_message(self, message: Any) -> None:
            await received.put(message)

    client = Client(server)
    running = asyncio.create_task(client.handle())
    async with asyncio.timeout(10):
        while client.websocket is None:
            await asyncio.sleep(0.01)
        move = messages.Move(from_square="e2", to_square="e4")
        await client.send_message(move)
        assert await received.get() == messages.Moved(last_move=move)
        await client.disconnect()
        await running


async def test_a_connection_that_cannot_be_made_is_an_error(package: ModuleType) -> None:
    runs = part(package, "runs.client")
    with pytest.raises(ConnectionError, match="cannot connect to ws://127"):
        async with runs.RunsClient("127.0.0.1:9"):
            pass


async def test_the_examples_of_the_clients_page_run(
    server: str, package: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (
        (ROOT / "docs" / "clients.md")
        .read_text()
        .replace("localhost:8000", server)
        .replace('"..."', '"right"')
    )
    messages = part(package, "shared.messages")
    room, runs = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    # Whoever says something in the room when the example listens.
    speaker = part(package, "room.client").RoomClient(server, path_params={"room": "red"})
    speaking = asyncio.create_task(speaker.handle())
    namespace: dict[str, Any] = {}
    async with asyncio.timeout(20):
        listening = asyncio.create_task(eval(compiled(room), namespace))
        while not listening.done():
            await asyncio.sleep(0.1)
            if speaker.websocket is not None:
                await speaker.send_message(messages.Say(payload=messages.Line(text="hello")))
        await listening
        await speaker.disconnect()
        await speaking
        await eval(compiled(runs), namespace)
    assert capsys.readouterr().out == "hello\n"
    assert namespace["answer"] == messages.Heard(payload=messages.Line(text="hello"))


def compiled(code: str) -> Any:
    return compile(code, "docs/clients.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_a_missing_path_parameter_is_named(package: ModuleType) -> None:
    with pytest.raises(ValueError, match="'keeper'"):
        part(package, "zoo.client").ZooClient("localhost", path_params={"cage": 1})


def test_constraints_and_tagged_unions_hold_in_the_client(package: ModuleType) -> None:
    messages = part(package, "shared.messages")
    with pytest.raises(ValidationError, match="at most 200"):
        messages.Line(text="x" * 201)
    zoo = messages.Zoo.model_validate(
        {"tree": {"label": "a", "children": [{"label": "b"}]}, "animal": {"kind": "cat"}}
    )
    assert isinstance(zoo.animal, messages.Cat)
    assert zoo.tree.children[0].label == "b"


def test_the_client_passes_strict_type_checking(package: ModuleType) -> None:
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "-p", folder.name],
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_generating_again_keeps_the_base_and_clears_channels(tmp_path: Path, server: str) -> None:
    output = tmp_path / "c"
    source = ("-s", f"http://{server}/asyncapi/schema/?format=yaml", "-o", str(output), "--no-format")
    generate(*source)
    base, stray = output / "base" / "client.py", output / "room" / "mine.py"
    base.write_text("# changed")
    stray.write_text("# mine")
    generate(*source, "--no-clear-channels", "--no-readme")
    assert base.read_text() == "# changed"
    assert stray.exists()
    generate(*source, "--override-base")
    assert "class BaseClient" in base.read_text()
    assert not stray.exists()
    (output / "old.py").write_text("")
    generate(*source, "--clear-output", "--no-readme")
    assert not (output / "old.py").exists()
    assert not (output / "README.md").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        ('{"openapi": "3.1.0"}', "no AsyncAPI 3 document"),
        ("[1, 2", "neither JSON nor YAML"),
        (
            '{"asyncapi": "3.0.0", "info": {"title": "t", "version": "1"}, "channels": {"a": {}}, "operations":'
            ' {"o": {"action": "send", "channel": {"$ref": "#/channels/a"}, "messages": [{"$ref": "#/no"}]}}}',
            "leads nowhere",
        ),
    ],
)
def test_what_is_no_document_is_explained(tmp_path: Path, content: str | None, message: str) -> None:
    schema = tmp_path / "schema.json"
    if content is not None:
        schema.write_text(content)
    done = generate("-s", str(schema), "-o", str(tmp_path / "out"), check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
