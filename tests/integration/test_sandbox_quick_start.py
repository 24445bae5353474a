"""The quick start, step by step, in a copy of the project: services, uv, .env, migrate, createsuperuser, runserver."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from ports import free_port
from postgres_server import PostgresServer
from redis_server import RedisServer
from sandbox_server import ROOT
from uv import find_uv_bin

PASSWORD = "a-long-password-of-the-test"


@pytest.fixture(scope="module")
def services() -> Iterator[dict[str, str]]:
    """In the place of `docker compose up -d`."""
    with PostgresServer() as postgres, RedisServer() as redis:
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}


def copy_of_the_project(directory: Path) -> Path:
    """What a clone would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    project = directory / "chanx"
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    return project


def clean_environment(project: Path) -> dict[str, str]:
    """Only `.env` says what the sandbox runs on."""
    dropped = re.compile(
        r"LOG_LEVEL|OPENAI_|LLM_|DB_|REDIS_|DATABASE_URL|DJANGO_|CHANNEL_LAYER|SANDBOX_|PYTHONPATH|VIRTUAL_ENV|UV_"
    )
    kept = {name: value for name, value in os.environ.items() if not dropped.match(name)}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def run(*command: str, project: Path, seconds: float = 120, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=project,
        env={**clean_environment(project), **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"
    return done.stdout + done.stderr


def write_env(project: Path, services: dict[str, str]) -> None:
    """`cp .env.EXAMPLE .env`, with the two addresses uncommented as its first lines say."""
    text = (project / ".env.EXAMPLE").read_text()
    for name, value in services.items():
        text, count = re.subn(rf"^# {name}=\S+", f"{name}={value}", text, flags=re.MULTILINE)
        assert count == 1, name
    (project / ".env").write_text(text)


def walk(project: Path, python: str, services: dict[str, str], **environment: str) -> None:
    write_env(project, services)
    manage = (python, "sandbox_django/manage.py")
    assert "OK" in run(*manage, "migrate", project=project, **environment)
    superuser = {
        "DJANGO_SUPERUSER_USERNAME": "root",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "DJANGO_SUPERUSER_EMAIL": "root@example.org",
    }
    run(*manage, "createsuperuser", "--noinput", project=project, **environment, **superuser)
    port = free_port()
    log = project / "runserver.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*manage, "runserver", "--noreload", str(port)],
            cwd=project,
            env={**clean_environment(project), **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        visit(f"http://localhost:{port}", server, log)
    finally:
        server.terminate()
        server.wait(60)


def visit(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    with httpx.Client(base_url=url, follow_redirects=True, timeout=60) as client:
        deadline = time.monotonic() + 90
        while True:
            try:
                client.get("/health/live").raise_for_status()
                break
            except httpx.HTTPError:
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
        front = client.get("/").text
        assert "PostgreSQL" in front
        assert "chanx.layers.RedisChannelLayer" in front
        for path, words in (
            ("/chat", "Open rooms"),
            ("/login", "Password"),
            ("/admin/", "Django administration"),
            ("/asyncapi/", "CHANX AsyncAPI Documentation"),
        ):
            page = client.get(path)
            assert page.status_code == 200, path
            assert words.lower() in page.text.lower(), path
        form = {"username": "root", "password": PASSWORD}
        headers = {"x-csrftoken": client.cookies["csrftoken"], "referer": url, "origin": url}
        client.post("/login", data=form, headers=headers).raise_for_status()
        admin = client.get("/admin/").text
        for models in ("Users", "Assistant conversations", "Group chats", "Chat messages", "Topics"):
            assert models in admin


def test_make_sandbox_reads_the_env_file_before_it_chooses_anything(project):
    (project / ".env").write_text("LOG_LEVEL=DEBUG  # all of it\nLLM_SERVER_URL=http://127.0.0.1:7\n")
    code = """
import os, sys
sys.path.insert(0, "tools")
import sandbox
sandbox.load_env_files()
sandbox.choose_model_port()
print(sandbox.uvicorn_log_level(), os.environ["LLM_SERVER_URL"])
"""
    assert run(sys.executable, "-c", code, project=project) == "debug http://127.0.0.1:7\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_of_the_project(tmp_path)


def test_the_quick_start_after_the_installation(project, services):
    path = os.pathsep.join(filter(None, [str(ROOT / "python"), os.environ.get("PYTHONPATH")]))
    walk(project, sys.executable, services, PYTHONPATH=path)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_whole_quick_start_with_uv(project):
    uv = shutil.which("uv") or find_uv_bin()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    launcher = {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache"} if shutil.which("ccache") else {}
    run(uv, "sync", "--all-extras", "--python", python, project=project, seconds=1500, **launcher)
    with PostgresServer() as postgres, RedisServer() as redis:
        found = {"DATABASE_URL": postgres.url, "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
        walk(project, str(project / ".venv" / "bin" / "python"), found)
