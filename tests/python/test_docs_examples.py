"""The Python examples of the documentation run: each page is one module, its tests included."""

import ast
import asyncio
import inspect
import re
import unittest
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.utils.module_loading import import_string

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ["asyncapi", "authentication", "consumers", "routing", "testing"]
# Pages whose examples are fragments: what they take for granted is imported before.
FRAGMENTS = ["channel-layers", "glossary", "index", "settings"]
PRELUDE = """
from typing import Literal
from django.http import HttpResponse
from django.urls import path
from pydantic import BaseModel
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

class NewChatMessage(BaseMessage):
    action: Literal["new_chat_message"] = "new_chat_message"

class Notify(BaseMessage):
    action: Literal["notify"] = "notify"
    payload: str

class Notifier(AsyncJsonWebsocketConsumer[Notify]):
    @event_handler
    async def handle_notify(self, event: Notify) -> None: ...
"""
# Pages that other tests follow.
FOLLOWED = {
    "docs/clients.md": "tests/integration/test_generated_client.py",
    "docs/getting-started.md": "tests/integration/test_getting_started.py",
    "docs/tutorial/part1-set-up.md": "tests/python/test_tutorial_text.py",
    "docs/tutorial/part2-chat.md": "tests/python/test_tutorial_text.py",
    "docs/tutorial/part3-assistants.md": "tests/python/test_tutorial_text.py",
    "docs/tutorial/part4-notifications.md": "tests/python/test_tutorial_text.py",
    "docs/validation.md": "tests/python/test_codec_docs.py",
}

pytestmark = pytest.mark.django_db(transaction=True)


def run_page(name: str) -> ModuleType:
    """Run the examples of a page in order, as one module; errors point into the page."""
    path = DOCS / f"{name}.md"
    text = path.read_text()
    module = ModuleType(f"docs_{name}")
    for code in blocks(text, path):
        exec(code, vars(module))
    return module


def blocks(text: str, path: Path) -> list[Any]:
    """Compile the Python blocks of a page; `await` may stand outside of functions."""
    return [
        compile(
            "\n" * text.count("\n", 0, block.start(1)) + block[1],
            str(path),
            "exec",
            flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
            dont_inherit=True,
        )
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_run(name: str) -> None:
    module = run_page(name)
    assert any(inspect.isclass(found) for found in vars(module).values()), "no example was found"


async def test_the_tests_of_the_testing_page_pass() -> None:
    module = await asyncio.to_thread(run_page, "testing")
    tests: list[Any] = [
        found
        for found_name, found in vars(module).items()
        if found_name.startswith("test_") and inspect.iscoroutinefunction(found)
    ]
    assert len(tests) == 3
    for test in tests:
        await test()


def test_the_test_case_of_the_testing_page_passes() -> None:
    module = run_page("testing")
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(module.BellCase)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    assert result.testsRun == 1
    assert result.wasSuccessful(), result.errors


@pytest.mark.parametrize("name", [*FRAGMENTS, "README"])
async def test_the_fragments_of_a_page_run(name: str, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}}
    path = ROOT / "README.md" if name == "README" else DOCS / f"{name}.md"
    namespace: dict[str, Any] = {"__name__": f"docs_{name}"}
    exec(PRELUDE, namespace)
    layer = get_channel_layer()
    namespace["self"] = SimpleNamespace(channel_layer=layer, channel_name=await layer.new_channel())
    found = blocks(path.read_text(), path)
    assert found, "no example was found"
    for code in found:
        # Synchronous code in a thread, as in a view; what awaits in this loop, as in a consumer.
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, namespace)
        else:
            await asyncio.to_thread(exec, code, namespace)
        for configured in namespace.pop("CHANNEL_LAYERS", {}).values():
            await import_string(configured["BACKEND"])(**configured.get("CONFIG", {})).close()


def test_every_page_with_examples_is_run_by_a_test() -> None:
    run = {f"docs/{name}.md" for name in (*PAGES, *FRAGMENTS)} | {"README.md"} | set(FOLLOWED)
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    with_examples = {str(page.relative_to(ROOT)) for page in pages if "```python" in page.read_text()}
    assert with_examples == run
    for page, test in FOLLOWED.items():
        assert Path(page).name in (ROOT / test).read_text(), f"{test} does not mention {page}"
