"""What the environment may say, and what a wrong value is answered."""

import os
import subprocess
import sys
from pathlib import Path

import environ
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import environment, logs, services

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


GROUPS = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "REDIS_HOST", "REDIS_PORT")


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_ORG", "OPENAI_BASE_URL", "OPENAI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("LLM_SERVER_URL", "REDIS_URL", "DATABASE_URL", "CHANNEL_LAYER_BACKEND", *GROUPS):
        monkeypatch.delenv(name, raising=False)


def test_inline_comments_and_quotes_of_an_env_file_are_removed(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n"
        "OPENAI_API_KEY=sk-abc   # the key\n"
        "OPENAI_ORG=  # Optional - leave empty if you have none\n"
        'export QUOTED="a # b"\n'
        "HASH=ab#c\n"
        "not an assignment\n"
    )
    assert environment.read_env_file(file) == {
        "OPENAI_API_KEY": "sk-abc",
        "OPENAI_ORG": "",
        "QUOTED": "a # b",
        "HASH": "ab#c",
    }


def test_a_missing_env_file_is_no_error(tmp_path):
    assert environment.read_env_file(tmp_path / ".env") == {}


@pytest.mark.parametrize(
    "key",
    ["", "your-actual-api-key-here", "your_openai_api_key_here", "your-key  # from the site", "  # x"],
)
def test_without_a_real_key_the_offline_model_answers(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    model = services.Model()
    assert model.offline
    assert model.base_url == "http://127.0.0.1:8001/v1"
    assert model.api_key
    model.export()
    assert os.environ["OPENAI_BASE_URL"] == "http://127.0.0.1:8001/v1"


def test_a_child_process_that_inherits_the_exported_address_is_offline_too(monkeypatch):
    monkeypatch.setenv("LLM_SERVER_URL", "http://127.0.0.1:9009/")
    services.Model().export()
    assert services.Model().offline


def test_a_real_key_talks_to_openai(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real  # mine")
    monkeypatch.setenv("OPENAI_ORG", "your_openai_org_id_here (optional)")
    model = services.Model()
    assert (model.offline, model.api_key, model.base_url) == (False, "sk-real", "")
    assert model.organization == ""


def test_a_base_url_alone_talks_to_a_compatible_server(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/")
    model = services.Model()
    assert not model.offline
    assert model.base_url == "http://127.0.0.1:11434/v1"
    assert model.api_key


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "LLM_SERVER_URL"])
@pytest.mark.parametrize("value", ["localhost:8001", "ftp://host/v1", "http://host:port/"])
def test_a_wrong_model_address_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        services.Model()


@pytest.mark.parametrize("value", ["localhost:6379", "http://127.0.0.1:6379"])
def test_a_wrong_redis_url_is_named(monkeypatch, value):
    monkeypatch.setenv("REDIS_URL", value)
    with pytest.raises(ImproperlyConfigured, match=r"REDIS_URL.*redis://127.0.0.1:6379/0"):
        services.channel_layers()


def test_a_layer_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setenv("CHANNEL_LAYER_BACKEND", "channels_redis.core.NoSuchLayer")
    with pytest.raises(ImproperlyConfigured, match="CHANNEL_LAYER_BACKEND"):
        services.channel_layers()


@pytest.mark.parametrize(
    ("redis_url", "hosts"),
    [("", ["redis://127.0.0.1:6379/0"]), ("redis://cache:6380/2", ["redis://cache:6380/2"])],
)
def test_the_old_redis_layer_can_be_chosen(monkeypatch, redis_url, hosts):
    backend = "channels_redis.core.RedisChannelLayer"
    monkeypatch.setenv("CHANNEL_LAYER_BACKEND", backend)
    monkeypatch.setenv("REDIS_URL", redis_url)
    layer = services.channel_layers()["default"]
    assert layer["BACKEND"] == backend
    assert [host["address"] for host in layer["CONFIG"]["hosts"]] == hosts


def test_the_in_process_layer_is_the_default():
    assert services.channel_layers() == {"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}}


@pytest.mark.parametrize("value", ["nonsense", "oops://host/db", "postgres://host"])
def test_a_wrong_database_url_is_named(monkeypatch, tmp_path, value):
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        services.databases(environ.Env(), tmp_path)


def test_the_database_is_sqlite_in_the_data_directory_or_what_the_url_says(monkeypatch, tmp_path):
    assert services.databases(environ.Env(), tmp_path)["default"]["NAME"] == str(tmp_path / "db.sqlite3")
    monkeypatch.setenv("DATABASE_URL", "postgres://chanx:secret@127.0.0.1:5432/chanx")
    config = services.databases(environ.Env(), tmp_path)["default"]
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["HOST"], config["NAME"]) == ("127.0.0.1", "chanx")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DB_HOST", "db.example", {"HOST": "db.example", "PORT": 5432, "NAME": "chanx", "USER": "chanx"}),
        ("DB_HOST", "::1", {"HOST": "::1"}),
        ("DB_HOST", "/var/run/postgresql", {"HOST": "/var/run/postgresql"}),
        ("DB_PORT", "5433", {"HOST": "127.0.0.1", "PORT": 5433}),
        ("DB_NAME", "backend_projects", {"NAME": "backend_projects", "HOST": "127.0.0.1"}),
        ("DB_USER", "postgres", {"USER": "postgres"}),
        ("DB_PASSWORD", "p@ss/word", {"PASSWORD": "p@ss/word"}),
    ],
)
def test_one_variable_of_the_group_means_postgresql(monkeypatch, tmp_path, name, value, expected):
    monkeypatch.setenv(name, value)
    config = services.databases(environ.Env(), tmp_path)["default"]
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert {key: config[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PORT", "abc"),
        ("DB_PORT", "0"),
        ("DB_HOST", "http://db"),
        ("DB_HOST", "db:5432"),
        ("DB_HOST", "a b"),
    ],
)
def test_a_wrong_part_of_the_database_is_named(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name}={value!r}"):
        services.databases(environ.Env(), tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "url"),
    [
        ("REDIS_HOST", "cache", "redis://cache:6379/0"),
        ("REDIS_HOST", "::1", "redis://[::1]:6379/0"),
        ("REDIS_PORT", "6380", "redis://127.0.0.1:6380/0"),
    ],
)
def test_one_variable_of_the_group_means_redis(monkeypatch, name, value, url):
    monkeypatch.setenv(name, value)
    layer = services.channel_layers()["default"]
    assert (layer["BACKEND"], layer["CONFIG"]["hosts"]) == ("chanx.layers.RedisChannelLayer", [url])
    assert services.caches()["default"]["LOCATION"] == url
    assert services.broker_url() == url


@pytest.mark.parametrize(
    ("name", "value"), [("REDIS_PORT", "six"), ("REDIS_HOST", "redis://cache"), ("REDIS_HOST", "a:1")]
)
def test_a_wrong_part_of_redis_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"{name}={value!r}"):
        services.channel_layers()


def test_the_addresses_win_over_their_parts(monkeypatch, tmp_path):
    for name, value in (("DB_HOST", "other"), ("REDIS_HOST", "other"), ("REDIS_PORT", "nonsense")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db:5432/chanx")
    monkeypatch.setenv("REDIS_URL", "redis://cache:6379/0")
    assert services.databases(environ.Env(), tmp_path)["default"]["HOST"] == "db"
    assert services.redis_url() == "redis://cache:6379/0"


def test_a_level_of_the_log_that_is_none_is_named(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "loud")
    with pytest.raises(ImproperlyConfigured, match="LOG_LEVEL='LOUD'"):
        logs.level("INFO")


@pytest.mark.parametrize("module", ["dev", "test"])
def test_this_machine_is_trusted_at_any_port(tmp_path, module):
    code = (
        "from django.conf import settings as s; from django.test import Client; import django; django.setup(); "
        "print([Client(enforce_csrf_checks=True).get('/login', HTTP_HOST=f'{h}:8123').status_code "
        "for h in ('localhost', '127.0.0.1')], s.CSRF_TRUSTED_ORIGINS, s.WEBSOCKET_ALLOW_ALL_ORIGINS)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=MANAGE.parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DJANGO_SETTINGS_MODULE": f"config.settings.{module}",
            "SANDBOX_DATA_DIR": str(tmp_path),
            "PORT": "8123",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "[200, 200]" in done.stdout, done.stderr
    assert "'http://localhost:8123'" in done.stdout
    assert "'http://127.0.0.1:8123'" in done.stdout
    assert done.stdout.strip().endswith(str(module == "dev"))


@pytest.mark.parametrize("value", ["0", "65536", "http"])
def test_a_wrong_port_is_named(monkeypatch, value):
    monkeypatch.setenv("PORT", value)
    with pytest.raises(ImproperlyConfigured, match="PORT"):
        environment.port()


def test_the_development_key_is_made_once_and_readable_by_its_owner_only(tmp_path):
    key = environment.development_secret_key(tmp_path)
    assert environment.development_secret_key(tmp_path) == key
    assert (tmp_path / ".secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "DJANGO_SECRET_KEY"),
        ({"DJANGO_SECRET_KEY": "k" * 50}, "ALLOWED_HOSTS"),
        ({"DJANGO_SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "a.org"}, "CSRF_TRUSTED_ORIGINS"),
    ],
)
def test_production_does_not_start_without_its_secrets(tmp_path, given, missing):
    names = ("DJANGO_SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")
    done = subprocess.run(
        [sys.executable, str(MANAGE), "check"],
        env={
            **{key: value for key, value in os.environ.items() if key not in names},
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "SANDBOX_DATA_DIR": str(tmp_path),
            **given,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert f"Production needs {missing}" in done.stderr


def test_production_pools_its_connections_to_postgresql(tmp_path):
    code = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=MANAGE.parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "SANDBOX_DATA_DIR": str(tmp_path),
            "DJANGO_SECRET_KEY": "k" * 50,
            "ALLOWED_HOSTS": "a.example",
            "CSRF_TRUSTED_ORIGINS": "https://a.example",
            "DATABASE_URL": "postgres://chanx@127.0.0.1:5432/chanx",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "'pool': {'min_size': 2, 'max_size': 16}" in done.stdout, done.stderr
