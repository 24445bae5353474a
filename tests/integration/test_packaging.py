"""The wheel is what users get, so it is built and installed into an environment that has nothing of this tree."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.timeout(900)  # the wheel is compiled

PROGRAM = """
import asyncio, importlib.metadata, pathlib, sys
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()
import chanx, chanx._core
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.channels.testing import WebsocketCommunicator
from chanx.core.decorators import ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

class Consumer(AsyncJsonWebsocketConsumer):
    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

async def main():
    async with WebsocketCommunicator(Consumer.as_asgi(), "/", consumer=Consumer) as communicator:
        await communicator.send_message(PingMessage())
        print(await communicator.receive_json_from())

asyncio.run(main())
assert importlib.metadata.version("chanx-native") == chanx.__version__
print(pathlib.Path(chanx.__file__).parent)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("dist")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(directory),
        str(ROOT),
    ]
    done = subprocess.run(build, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (path,) = directory.glob("chanx_native-*.whl")
    return path


def test_wheel_holds_the_core_its_types_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("chanx/_core.") and name.endswith(".so") for name in names)
    assert {"chanx/py.typed", "chanx/_core.pyi", "chanx/__init__.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith(("chanx/", "chanx_native-"))]


def test_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(python), *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=500,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    # Channels needs daphne for its testing package.
    run("-m", "pip", "install", "-q", "--disable-pip-version-check", f"{wheel}[channels]", "daphne")
    # Between the two are lines of the log.
    answer, *_, location = run("-c", PROGRAM).splitlines()
    assert answer == "{'action': 'pong', 'payload': None}"
    assert Path(location).is_relative_to(tmp_path)
