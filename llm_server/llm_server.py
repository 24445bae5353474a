"""Serves the offline model over the OpenAI protocol.

usage: python llm_server/llm_server.py [--host 127.0.0.1] [--port 8001] [--tokens-per-second 60]

Any client of the protocol can use it: OPENAI_BASE_URL=http://127.0.0.1:8001/v1, with any key that
is not empty.
"""

import argparse
import errno
import ipaddress
import logging
import socket
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
    parser = argparse.ArgumentParser(description="Serves the offline model over the OpenAI protocol.")
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
    options = parser.parse_args()
    if not 0 <= options.port < 65536:
        parser.error(f"--port {options.port}: a port is a number from 0 to 65535")
    if not 0 <= options.tokens_per_second < float("inf"):
        parser.error(f"--tokens-per-second {options.tokens_per_second}: give 0 or a positive number")
    if options.max_concurrency < 1:
        parser.error(f"--max-concurrency {options.max_concurrency}: give 1 or more")
    if not options.documents.is_dir():
        parser.error(f"--documents {options.documents}: no such directory")
    return options


def main() -> None:
    """Runs the server until it is interrupted."""
    options = parse_arguments()
    listener = listen(options.host, options.port)

    import uvicorn  # after the port is ours: the busy one is reported at once

    from llm_server.app import create_app
    from llm_server.backends.offline import OfflineBackend

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not is_loopback(options.host):
        logging.getLogger("llm_server").warning(
            "listening on %s without authentication: every machine that reaches it can use it",
            options.host,
        )
    backend = OfflineBackend(
        options.documents,
        tokens_per_second=options.tokens_per_second,
        any_model=not options.strict_model_names,
    )
    app = create_app(backend, max_concurrency=options.max_concurrency)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"llm_server: http://{shown}:{port}/v1", flush=True)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65536,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
