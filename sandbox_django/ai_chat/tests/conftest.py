"""A real LLM server with the offline model, a user with a token, and a client of the API."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from accounts.models import User
from django.core.cache import cache
from django.test import Client
from llm_server_process import llm_server
from rest_framework.authtoken.models import Token

from ai_chat.services import catalog

API = "/ai-chat/api/"


class Api:
    """The REST API as one user."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.client = Client(raise_request_exception=False)
        self.headers = {}
        if user is not None:
            self.token = Token.objects.get_or_create(user=user)[0].key
            self.headers["Authorization"] = f"Token {self.token}"

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.generic(
            method.upper(),
            path if path.startswith("/") else API + path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers=self.headers,
        )
        assert response.status_code == status, (response.status_code, response.content)
        return response.json() if response.content else None

    def session(self, **fields: Any) -> str:
        made: str = self("post", "sessions/", fields, 201)["id"]
        return made


@pytest.fixture(scope="session")
def model_url():
    with llm_server("--tokens-per-second", "0") as server:
        yield server.url


@pytest.fixture(scope="session")
def slow_url():
    """A model that takes seconds for any answer."""
    with llm_server("--tokens-per-second", "4") as server:
        yield server.url


@pytest.fixture(autouse=True)
def _model(settings, model_url, monkeypatch):
    cache.clear()  # throttling counts there
    monkeypatch.setattr(catalog, "_last_attempt", 0.0)  # an earlier test's
    settings.LLM_SERVER_URLS = [model_url]


@pytest.fixture
def api(transactional_db):
    return Api(User.objects.create_user("alice", password="a good password"))


@pytest.fixture
def stranger(api):
    return Api(User.objects.create_user("mallory"))


@pytest.fixture
def nobody(api):
    return Api(None)


def waited_for(condition: Callable[[], Any], seconds: float = 40) -> Any:
    """The first value of the condition that holds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value
