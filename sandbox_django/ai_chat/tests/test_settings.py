"""The AI chat's variables: documented defaults, and wrong values that end the start by name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from config.settings import ai_chat
from django.core.exceptions import ImproperlyConfigured

SANDBOX = Path(__file__).resolve().parents[2]
NAMES = (
    *("LLM_SERVER_URL", "LLM_DEFAULT_MODEL", "LLM_TIMEOUT", "LLM_MAX_TOKENS", "LLM_TEMPERATURE"),
    *("LLM_ENABLE_TOOLS", "MAX_WEBSOCKETS", "MAX_WEBSOCKETS_PER_USER"),
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_are_those_of_the_document():
    assert ai_chat.load() == ai_chat.AiChat("qwen3:8b", 30.0, 2000, 0.7, True, 2000, 20)
    assert ai_chat.server_urls() == ["http://127.0.0.1:8001"]


def test_values_are_read(monkeypatch):
    for name, value in (
        ("LLM_DEFAULT_MODEL", "llama3.2"),
        ("LLM_TIMEOUT", "2.5"),
        ("LLM_MAX_TOKENS", "100"),
        ("LLM_TEMPERATURE", "0"),
        ("LLM_ENABLE_TOOLS", "False"),
        ("MAX_WEBSOCKETS", "7"),
        ("MAX_WEBSOCKETS_PER_USER", "3"),
    ):
        monkeypatch.setenv(name, value)
    assert ai_chat.load() == ai_chat.AiChat("llama3.2", 2.5, 100, 0.0, False, 7, 3)


def test_several_servers_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("LLM_SERVER_URL", "http://localhost:8001/, https://llm.example.org ,")
    assert ai_chat.server_urls() == ["http://localhost:8001", "https://llm.example.org"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_TIMEOUT", "0"),
        ("LLM_TIMEOUT", "soon"),
        ("LLM_TIMEOUT", "nan"),
        ("LLM_MAX_TOKENS", "1.5"),
        ("LLM_MAX_TOKENS", "0"),
        ("LLM_TEMPERATURE", "3"),
        ("LLM_ENABLE_TOOLS", "perhaps"),
        ("MAX_WEBSOCKETS", "-1"),
        ("MAX_WEBSOCKETS_PER_USER", "many"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=rf"^{name}="):
        ai_chat.load()


@pytest.mark.parametrize("value", ["localhost:8001", "ftp://x", "http://localhost:port", ",", "http://a,b"])
def test_a_wrong_server_is_named(monkeypatch, value):
    monkeypatch.setenv("LLM_SERVER_URL", value)
    with pytest.raises(ImproperlyConfigured, match=r"^LLM_SERVER_URL"):
        ai_chat.server_urls()


def test_a_wrong_value_ends_the_start(tmp_path):
    environment = {
        **os.environ,
        "LLM_TEMPERATURE": "hot",
        "SANDBOX_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
    }
    done = subprocess.run(
        [sys.executable, str(SANDBOX / "manage.py"), "check"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "LLM_TEMPERATURE='hot' is no number from 0 to 2. Example: LLM_TEMPERATURE=0.7" in done.stderr
