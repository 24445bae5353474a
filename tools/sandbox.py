"""Serves the sandbox: prepares the database, starts what is needed, ends all of it on Ctrl-C.

usage: python tools/sandbox.py [--host HOST] [--port PORT]        (this is what `make sandbox` runs)

Environment (or .env): REDIS_URL, DATABASE_URL, CHANNEL_LAYER_BACKEND, OPENAI_API_KEY, OPENAI_BASE_URL,
LLM_SERVER_URL and the others of docs/ai-chat.md.
"""

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from children import Children, free_port, port_holder

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = ROOT / "sandbox_django"


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def require_port(host: str, port: int) -> None:
    """Exits with the name of the process that holds the port and the command that avoids it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            sys.exit(f"error: port {port} needs root. Use another: make sandbox PORT=8000")
        except OSError as error:
            holder = port_holder(port)
            sys.exit(
                f"error: cannot listen on {host}:{port}: {error.strerror}"
                + (f" (held by {holder})" if holder else "")
                + f".\nStop it, or serve on another port: make sandbox PORT={free_port(host, port + 1)}"
            )


def start_redis_if_needed(children: Children) -> str | None:
    """A Redis layer without a REDIS_URL gets a server of its own, gone with the sandbox; its URL is returned."""
    backend = os.environ.get("CHANNEL_LAYER_BACKEND", "")
    if "redis" not in backend.lower() or os.environ.get("REDIS_URL"):
        return None
    port = free_port("127.0.0.1", 6390)
    say(f"starting a redis-server on port {port} for {backend} (set REDIS_URL to use your own)")
    children.start(
        "redis-server",
        [
            "redis-server",
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ],
        quiet=True,
    )
    children.wait_for_port("redis-server", "127.0.0.1", port, seconds=10)
    os.environ["REDIS_URL"] = url = f"redis://127.0.0.1:{port}/0"
    return url


def load_env_files() -> None:
    """What `.env` says is known before anything is chosen here."""
    sys.path.insert(0, str(SANDBOX))
    from config.settings import environment

    environment.load()


def prepare_django() -> None:
    """Loads the settings, whose mistakes end the start here, migrates and seeds."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError, call_command
    from django.db import OperationalError

    try:
        django.setup()
        say("preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("seed_demo")
    except (ImproperlyConfigured, CommandError) as error:
        sys.exit(f"error: {error}")
    except OperationalError as error:
        sys.exit(
            f"error: the database does not answer: {error}\nCheck DATABASE_URL, or unset it to use SQLite."
        )


def start_model_servers(children: Children) -> None:
    """Starts the LLM servers of LLM_SERVER_URL that are of this machine and do not run yet.

    They write the AI chat's answers: with the offline model, or with the one that the OPENAI_* variables name.
    """
    from django.conf import settings

    if not settings.OFFLINE_MODEL:
        os.environ.setdefault("LLM_UPSTREAM_URL", settings.OPENAI_BASE_URL or "https://api.openai.com/v1")
        os.environ.setdefault("LLM_UPSTREAM_KEY", settings.OPENAI_API_KEY)
    os.environ.setdefault("SANDBOX_DATA_DIR", str(settings.DATA_DIR))
    program = str(ROOT / "llm_server" / "llm_server.py")
    for url in settings.LLM_SERVER_URLS:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        if host not in ("localhost", "127.0.0.1", "::1"):
            continue
        if is_listening(host, port):
            say(f"using the LLM server that runs at {url}")
            continue
        children.start(
            "llm_server", [sys.executable, program, "--host", host, "--port", str(port)], quiet=True
        )


def is_listening(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def choose_model_port() -> None:
    """The offline model gets a free port, unless the environment says where it is."""
    if not os.environ.get("LLM_SERVER_URL"):
        os.environ["LLM_SERVER_URL"] = f"http://127.0.0.1:{free_port('127.0.0.1', 8001)}"


def banner(host: str, port: int, own_redis: str | None) -> str:
    from config.overview import overview

    rows = [("Sandbox", f"http://{host}:{port}/"), *overview().rows()]
    logins = "alice, bob, admin   (password: demo; development settings only)"
    rows.append(("Demo logins", logins))
    if own_redis:
        rows.append(("Other terminals", f"export REDIS_URL={own_redis}"))
    width = max(len(name) for name, _ in rows)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    rule = "-" * max(len(line) + 2 for line in lines)
    return "\n".join(["", rule, *lines, rule, "  Ctrl-C ends it.", ""])


def uvicorn_log_level() -> str:
    """That of everything else."""
    from config.settings import logs

    return logs.level("WARNING").lower()


def wait_until_served(children: Children, host: str, port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children.check()
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://{host}:{port}/", timeout=2).close()
            return
        time.sleep(0.1)
    raise SystemExit("error: the server does not answer after 60 s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Serves the sandbox.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    if not 0 < options.port < 65536:
        parser.error(f"--port {options.port}: a port is a number from 1 to 65535")
    require_port(options.host, options.port)
    load_env_files()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Children() as children:
        own_redis = start_redis_if_needed(children)
        choose_model_port()
        os.environ["PORT"] = str(options.port)
        os.environ["LOG_LEVEL"] = os.environ.get("LOG_LEVEL") or "WARNING"  # the banner stays in sight
        prepare_django()
        start_model_servers(children)
        say("starting the server")
        children.start(
            "uvicorn",
            [
                *(sys.executable, "-m", "uvicorn", "config.asgi:application"),
                *("--app-dir", str(SANDBOX), "--host", options.host, "--port", str(options.port)),
                *("--log-level", uvicorn_log_level(), "--timeout-graceful-shutdown", "2"),
            ],
        )
        reachable = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host
        wait_until_served(children, reachable, options.port)
        print(banner(reachable, options.port, own_redis), flush=True)
        children.wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\n==> ended", flush=True)
    except subprocess.SubprocessError as error:
        sys.exit(f"error: {error}")
