"""The page "Getting started" is followed to the letter, and the result is used over real sockets."""

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "getting-started.md").read_text()
FILES = re.findall(r"^\*\*`([\w/.]+)`\*\*\n\n```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module", params=["runserver", "uvicorn"])
def address(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp(request.param)
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "python")}
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "mysite", directory],
        check=True,
        timeout=30,
        env=environment,
    )
    for path, code in FILES:
        with (directory / path).open("a" if path.endswith("settings.py") else "w") as file:
            file.write("\n" + code)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = {
        "runserver": ["manage.py", "runserver", str(port), "--noreload"],
        "uvicorn": ["-m", "uvicorn", "mysite.asgi:application", "--port", str(port)],
    }[request.param]
    log = (directory / "log").open("w")
    server = subprocess.Popen(
        [sys.executable, *command], cwd=directory, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None, (directory / "log").read_text()
            time.sleep(0.1)
    yield f"127.0.0.1:{port}"
    server.terminate()
    server.wait(10)
    log.close()


async def test_the_frames_of_the_page_get_the_answers_of_the_page(address):
    dialogue = re.findall(r"^([<>]) (\{.*\})$", PAGE, re.M)
    assert len(dialogue) == 4
    async with connect(f"ws://{address}/ws/hall/") as alice, connect(f"ws://{address}/ws/hall/") as bob:
        # Bob has joined the hall once he is answered; Alice then hears of him.
        await bob.send('{"action": "hello", "payload": {"name": "Bob"}}')
        assert json.loads(await bob.recv())["payload"] == "Welcome, Bob!"
        for direction, text in dialogue:
            if direction == ">":
                await alice.send(text)
                continue
            answer = json.loads(await alice.recv())
            while answer["action"] == "hello":
                answer = json.loads(await alice.recv())
            assert answer == json.loads(text)
        heard = json.loads(await bob.recv())
        assert heard == {"action": "hello", "payload": {"name": "Alice"}}


def test_the_documentation_page_is_there(address):
    assert httpx.get(f"http://{address}/asyncapi/docs/").status_code == 200
    schema = httpx.get(f"http://{address}/asyncapi/schema/", headers={"Accept": "application/json"})
    assert [channel["address"] for channel in schema.json()["channels"].values()] == ["ws/hall/"]
