"""Serves a model over the OpenAI protocol: the offline one, or any server of the protocol behind it.

usage: python llm_server/llm_server.py [--host 127.0.0.1] [--port 8001] [--upstream http://127.0.0.1:11434/v1]

Any client of the protocol can use it: OPENAI_BASE_URL=http://127.0.0.1:8001/v1, with any key that
is not empty. The key for the upstream is taken from LLM_UPSTREAM_KEY.
"""

import argparse
import errno
import ipaddress
import logging
import os
import socket
import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if not __package__:
    # Run as a script: this directory would hide the package of the same name as this file.
    sys.path[0] = str(ROOT)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket, or ends the program with the reason and the fix."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except socket.gaierror as error:
        sys.exit(f"error: --host {host}: {error.strerror}")
    except OSError as error:
        fix = {
            errno.EADDRINUSE: f"Stop what listens there, or choose another: --port {port + 1}",
            errno.EACCES: "Ports below 1024 need root: choose --port 8001",
            errno.EADDRNOTAVAIL: "This machine has no such address: choose --host 127.0.0.1",
        }.get(error.errno or 0, "Choose another --host or --port")
        sys.exit(f"error: cannot listen on {host}:{port}: {error.strerror}. {fix}")
    return listener


def is_loopback(host: str) -> bool:
    """Tells whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Serves a model over the OpenAI protocol.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8001, help="0 chooses a free one (default: %(default)s)")
    parser.add_argument(
        "--tokens-per-second",
        type=float,
        default=60.0,
        help="pace of an answer, 0 for none (default: %(default)s)",
    )
    parser.add_argument(
        "--max-concurrency",
        type=int,
        default=128,
        help="answers at once before 429 (default: %(default)s)",
    )
    parser.add_argument("--documents", type=Path, default=ROOT, help="directory with README.md and docs/")
    parser.add_argument(
        "--strict-model-names",
        action="store_true",
        help="refuse models that /v1/models does not list",
    )
    parser.add_argument(
        "--upstream",
        default=os.environ.get("LLM_UPSTREAM_URL", ""),
        help="a server of the OpenAI protocol that answers instead of the offline model (LLM_UPSTREAM_URL)",
    )
    parser.add_argument(
        "--silence",
        type=float,
        default=60.0,
        help="seconds that the upstream may stay silent (default: %(default)s)",
    )
    parser.add_argument(
        "--store",
        default="",
        help="SQLite file of the answers written for the AI chat (default: llm-answers-PORT.sqlite3 "
        "in SANDBOX_DATA_DIR or the sandbox; with --port 0 in memory)",
    )
    options = parser.parse_args()
    if not 0 <= options.port < 65536:
        parser.error(f"--port {options.port}: a port is a number from 0 to 65535")
    if not 0 <= options.tokens_per_second < float("inf"):
        parser.error(f"--tokens-per-second {options.tokens_per_second}: give 0 or a positive number")
    if options.max_concurrency < 1:
        parser.error(f"--max-concurrency {options.max_concurrency}: give 1 or more")
    if not 0 < options.silence < float("inf"):
        parser.error(f"--silence {options.silence}: give a positive number of seconds")
    if options.upstream and not options.upstream.startswith(("http://", "https://")):
        parser.error(f"--upstream {options.upstream}: give a URL, such as http://127.0.0.1:11434/v1")
    if not options.documents.is_dir():
        parser.error(f"--documents {options.documents}: no such directory")
    return options


def store_path(options: argparse.Namespace) -> str:
    """Where answers are kept."""
    if options.store or not options.port:
        return options.store or ":memory:"
    directory = Path(os.environ.get("SANDBOX_DATA_DIR") or ROOT / "sandbox_django")
    return str(directory / f"llm-answers-{options.port}.sqlite3")


def main() -> None:
    """Runs the server until it is interrupted."""
    options = parse_arguments()
    listener = listen(options.host, options.port)

    import uvicorn  # after the port is ours: the busy one is reported at once

    from llm_server.app import create_app
    from llm_server.backends.base import Backend
    from llm_server.backends.offline import OfflineBackend
    from llm_server.backends.proxy import ProxyBackend

    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not is_loopback(options.host):
        logging.getLogger("llm_server").warning(
            "listening on %s without authentication: every machine that reaches it can use it",
            options.host,
        )
    backend: Backend
    if options.upstream:
        backend = ProxyBackend(
            options.upstream, os.environ.get("LLM_UPSTREAM_KEY", ""), silence=options.silence
        )
    else:
        backend = OfflineBackend(
            options.documents,
            tokens_per_second=options.tokens_per_second,
            any_model=not options.strict_model_names,
        )
    try:
        app = create_app(backend, max_concurrency=options.max_concurrency, store=store_path(options))
    except sqlite3.Error as error:
        sys.exit(f"error: --store {store_path(options)}: {error}. Choose another file")
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"llm_server: http://{shown}:{port}/v1", flush=True)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65536,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
