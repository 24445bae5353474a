"""The sandbox with its production settings on PostgreSQL and Redis: headers, origins, pool, logs, readiness."""

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from postgres_server import PostgresServer
from redis_server import RedisServer
from sandbox_server import SandboxServer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

HOST = "chat.example"
SECRET = "s3cr3t-0123456789"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(postgres, redis, tmp_path_factory) -> Iterator[SandboxServer]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
        "CSRF_TRUSTED_ORIGINS": f"https://{HOST}",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
    }
    running = SandboxServer(
        tmp_path_factory.mktemp("production"), model_url="http://127.0.0.1:9", **environment
    )
    done = running.manage("collectstatic", "--noinput")
    assert done.returncode == 0, done.stderr
    with running:
        yield running


@pytest.fixture
def http(server) -> Iterator[httpx.Client]:
    """A client behind the proxy that ends TLS."""
    headers = {"host": HOST, "x-forwarded-proto": "https"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        yield client


def events(server: SandboxServer, name: str, **wanted: Any) -> list[dict[str, Any]]:
    """The log's events of this name; waits until there is one."""
    deadline = time.monotonic() + 60
    while True:
        found = [
            event
            for line in server.log.read_text().splitlines()
            if (event := json.loads(line))["event"] == name
            and all(event.get(key) == value for key, value in wanted.items())
        ]
        if found:
            return found
        assert time.monotonic() < deadline, server.log.read_text()[-3000:]
        time.sleep(0.1)


def test_plain_http_is_sent_to_https_except_health_checks(server):
    headers = {"host": HOST}
    answer = httpx.get(f"{server.url}/login", headers=headers, timeout=60)
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{HOST}/login")
    assert httpx.get(f"{server.url}/health/live", headers=headers, timeout=60).status_code == 200


def test_another_host_is_refused(http):
    assert http.get("/login", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/login", "/no-such-page", "/api/auth/me/", "/admin/login/"])
def test_every_answer_has_the_security_headers(http, path):
    headers = http.get(path).headers
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["x-request-id"]


def test_cookies_are_for_https_only_and_demo_accounts_are_not_shown(http):
    page = http.get("/login")
    assert "Demo logins" not in page.text
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)


def test_static_files_are_compressed_and_served_by_the_server(http):
    answer = http.get("/static/css/sandbox.css", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "max-age=" in answer.headers["cache-control"]
    assert http.get("/static/admin/css/base.css").status_code == 200


def handshake(
    server: SandboxServer, *, path: str = "/ws/system/", origin: str | None = None, **headers: str
) -> Any:
    return connect(server.url.replace("http", "ws") + path, origin=origin, additional_headers=headers)


@pytest.mark.parametrize("origin", [f"https://{HOST}", None])
def test_own_pages_and_programs_open_websockets(server, origin):
    with handshake(server, origin=origin) as socket:
        socket.send('{"action": "ping"}')
        assert json.loads(socket.recv(timeout=60))["action"] == "pong"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        f"http://{HOST}",
        f"https://{HOST}.evil.example",
        "http://localhost:8000",
        "null",
    ],
)
def test_pages_of_other_sites_do_not(server, origin):
    with pytest.raises(InvalidStatus) as refused, handshake(server, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_the_pool_keeps_connections_and_bounds_them(http, postgres):
    with ThreadPoolExecutor(40) as pool:
        path = "/api/assistants/conversations/00000000-0000-0000-0000-000000000000/"
        answers = list(pool.map(lambda _: http.get(path).status_code, range(80)))
    assert set(answers) <= {404, 429}
    assert answers.count(404) > 20
    with psycopg.connect(postgres.url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'chanx' AND pid <> pg_backend_pid()"
        (count,) = connection.execute(query).fetchone() or (0,)
    assert 2 <= count <= 16


def test_the_log_is_json_and_a_request_is_found_by_its_id(server, http):
    answer = http.get("/api/auth/me/?page=2")
    (event,) = events(server, "request_finished", request_id=answer.headers["x-request-id"])
    assert event["request"] == "GET /api/auth/me/?page=2"
    assert event["code"] == 401
    assert event["level"] == "warning"
    assert event["timestamp"].endswith("Z")


def test_all_lines_of_a_connection_have_its_id(server):
    room = f"room{time.monotonic_ns()}"
    with handshake(server, path=f"/ws/chat/{room}/") as socket:
        socket.send("not JSON")
        socket.recv(timeout=60)
    path = f"/ws/chat/{room}/"
    (ended,) = events(server, "websocket_ended", path=path)
    assert ended["seconds"] >= 0
    ids = {ended["connection_id"]}
    # What chanx and the server say of the connection is found by the id as well.
    for name in ("Malformed frame", "Disconnecting websocket", "connection open"):
        assert {event["connection_id"] for event in events(server, name, path=path)} == ids
    with handshake(server, path=path):
        pass
    deadline = time.monotonic() + 60
    while len(both := events(server, "websocket_ended", path=path)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert len({event["connection_id"] for event in both}) == 2


def test_a_refused_handshake_has_a_line(server):
    path = f"/ws/chat/refused{time.monotonic_ns()}/"
    with pytest.raises(InvalidStatus), handshake(server, path=path, origin="https://evil.example"):
        pass
    (ended,) = events(server, "websocket_ended", path=path)
    assert ended["ip"] == "127.0.0.1"


def test_secrets_of_requests_and_handshakes_are_not_in_the_log(server, http):
    http.get(f"/?token={SECRET}")
    http.get(f"/?api_key={SECRET}")
    http.get(f"/no-such-page?%74oken={SECRET}&page=1")
    http.get("/api/auth/me/", headers={"authorization": f"Bearer {SECRET}"})
    http.post("/api/auth/login/", json={"username": "alice", "password": SECRET})
    for path in (f"/ws/system/?token={SECRET}", f"/ws/nothing/?access_token={SECRET}"):
        try:
            with handshake(server, path=path, cookie=f"access_token={SECRET}"):
                time.sleep(0.2)
        except InvalidStatus:
            pass
    marked = http.get("/?page=1")
    events(server, "request_finished", request_id=marked.headers["x-request-id"])
    log = server.log.read_text()
    assert SECRET not in log
    assert "/?api_key=[hidden]" in log


def test_django_finds_nothing_to_warn_of_before_a_deployment(server):
    warnings = server.manage("check", "--deploy", "--fail-level", "WARNING")
    assert warnings.returncode == 0, warnings.stderr


def test_readiness_names_what_fails(server, http, redis):
    ready = http.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json() == {"status": "failing", "database": "ok", "layer": "ok", "model": "failing"}
    redis.stop()
    try:
        failing = http.get("/health/ready").json()
        assert failing["layer"] == "failing"
        assert failing["database"] == "ok"
        assert http.get("/health/live").status_code == 200
    finally:
        redis.start()
    deadline = time.monotonic() + 60
    while http.get("/health/ready").json()["layer"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.3)
