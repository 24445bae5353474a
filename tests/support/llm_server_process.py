"""Starts the model server as its users do, on a free port."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LlmServer:
    """A running server."""

    url: str
    port: int


@contextmanager
def llm_server(*arguments: str) -> Iterator[LlmServer]:
    """Runs llm_server.py; raises RuntimeError with its output if it ends instead of serving."""
    port = [] if "--port" in arguments else ["--port", "0"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "llm_server" / "llm_server.py"), *port, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        output = ""
        for line in process.stdout:
            output += line
            if found := re.match(r"llm_server: (http://\S+:(\d+))/v1", line):
                break
        else:
            raise RuntimeError(output)
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield LlmServer(found[1], int(found[2]))
    finally:
        process.terminate()
        process.wait(10)
