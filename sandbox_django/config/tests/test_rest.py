"""What all REST addresses have in common: their document, errors, throttling, pages of lists, CORS."""

from typing import Any

import pytest
from accounts.models import User
from assistants.models import AssistantConversation
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.django_db

CONVERSATIONS = "/api/assistants/conversations/"


@pytest.fixture(autouse=True)
def _throttling_starts_anew():
    cache.clear()


@pytest.fixture
def alice():
    client = Client()
    client.force_login(User.objects.create_user("alice"))
    return client


def schema(client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(
        "/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"}
    ).json()
    return found


def test_the_openapi_document_is_valid_and_names_every_rest_address(client):
    document = schema(client)
    validate_schema(document)
    routes = {
        f"/{route}"
        for pattern in get_resolver().url_patterns
        for route in _routes(pattern, "")
        if route.startswith("api/") and not route.startswith(("api/schema", "api/docs"))
    }
    assert len(routes) >= 12
    written = {_shape(path) for path in document["paths"]}
    assert {_shape(route) for route in routes} - written == set()


def test_the_openapi_document_is_made_without_a_warning(tmp_path):
    call_command("spectacular", file=str(tmp_path / "openapi.yml"), validate=True, fail_on_warn=True)


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def _routes(pattern, before: str):
    here = before + str(pattern.pattern)
    if hasattr(pattern, "url_patterns"):
        for inner in pattern.url_patterns:
            yield from _routes(inner, here)
    else:
        yield here


def _shape(path: str) -> str:
    """The path without the names of its parameters."""
    return "/".join("*" if part[:1] in ("<", "{") else part for part in path.split("/"))


def test_refusals_are_in_the_document(client):
    answers = schema(client)["paths"]["/api/auth/login/"]["post"]["responses"]
    assert {"200", "400"} <= set(answers)


def test_the_page_of_the_document_loads_nothing_from_elsewhere(client):
    page = client.get("/api/docs/")
    body = page.content.decode()
    assert page.status_code == 200
    assert "http://" not in body
    assert "https://" not in body
    # The security policy allows no inline script: the page's script has an address of its own.
    assert "<script>" not in body
    for path in (
        "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        "/api/docs/?script=",
    ):
        script = client.get(path)
        assert script.status_code == 200
        assert "javascript" in script["Content-Type"]


@pytest.mark.parametrize(
    ("status", "kind", "request_"),
    [
        (400, "validation_error", lambda c: c.post("/api/auth/login/", {})),
        (400, "client_error", lambda c: c.post("/api/auth/login/", "{", content_type="application/json")),
        (401, "client_error", lambda c: c.get("/api/auth/me/")),
        (404, "client_error", lambda c: c.get(f"{CONVERSATIONS}00000000-0000-0000-0000-000000000000/")),
        (405, "client_error", lambda c: c.put(CONVERSATIONS)),
        (415, "client_error", lambda c: c.post("/api/auth/login/", "x", content_type="text/plain")),
    ],
)
def test_every_refusal_has_the_same_shape(client, status, kind, request_):
    response = request_(client)
    assert response.status_code == status
    body = response.json()
    assert set(body) == {"type", "errors"}
    assert body["type"] == kind
    for error in body["errors"]:
        assert set(error) == {"code", "detail", "attr"}
        assert error["detail"]


def test_anonymous_requests_are_throttled_and_told_how_long(client, monkeypatch):
    from rest_framework.throttling import AnonRateThrottle

    monkeypatch.setattr(AnonRateThrottle, "THROTTLE_RATES", {"anon": "3/min"})
    codes = [client.get(CONVERSATIONS).status_code for _ in range(3)]
    refused = client.get(CONVERSATIONS)
    assert codes == [200, 200, 200]
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json()["errors"][0]["code"] == "throttled"


def test_lists_come_in_pages_of_a_bounded_size(alice):
    user = User.objects.get(username="alice")
    AssistantConversation.objects.bulk_create(AssistantConversation(user=user) for _ in range(210))
    first = alice.get(CONVERSATIONS).json()
    assert (first["count"], len(first["results"])) == (210, 50)
    assert first["next"]
    assert first["previous"] is None
    assert len(alice.get(CONVERSATIONS, {"page_size": 100_000}).json()["results"]) == 200
    seen = [
        item["id"]
        for page in range(1, 6)
        for item in alice.get(f"{CONVERSATIONS}?page={page}").json()["results"]
    ]
    assert len(set(seen)) == 210
    assert alice.get(CONVERSATIONS, {"page": 6}).status_code == 404


class TestCrossOrigin:
    """Browsers of other sites: only allowed ones may read, with the visitor's cookies."""

    GOOD = "https://app.example"

    @pytest.fixture(autouse=True)
    def _allowed(self, settings):
        settings.CORS_ALLOWED_ORIGINS = [self.GOOD]

    def preflight(self, client, origin: str):
        headers = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,x-csrftoken",
        }
        return client.options(CONVERSATIONS, headers=headers)

    def test_an_allowed_origin_may_call_with_its_cookies(self, client):
        answer = self.preflight(client, self.GOOD)
        assert answer["Access-Control-Allow-Origin"] == self.GOOD
        assert answer["Access-Control-Allow-Credentials"] == "true"
        assert "POST" in answer["Access-Control-Allow-Methods"]
        assert "x-csrftoken" in answer["Access-Control-Allow-Headers"]

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.evil.example"])
    def test_other_origins_are_told_nothing(self, client, origin):
        for answer in (self.preflight(client, origin), client.get(CONVERSATIONS, headers={"origin": origin})):
            assert "Access-Control-Allow-Origin" not in answer

    def test_a_refusal_can_be_read_by_an_allowed_origin(self, client):
        answer = client.get("/api/auth/me/", headers={"origin": self.GOOD})
        assert answer.status_code == 401
        assert answer["Access-Control-Allow-Origin"] == self.GOOD

    def test_pages_that_are_no_rest_address_are_not_shared(self, client):
        assert "Access-Control-Allow-Origin" not in client.get("/login", headers={"origin": self.GOOD})
