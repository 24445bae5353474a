"""The files that a deployment starts from agree with each other and with what is there."""

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

import chanx._core
from config.settings import services
from config.settings.environment import read_env_file

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def uncommented(path: Path, tmp_path: Path) -> dict[str, str]:
    """The assignments of the example, with those that are commented out."""
    text = re.sub(r"^# (?=[A-Z_]+=)", "", path.read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(text)
    return read_env_file(tmp_path / ".env")


def test_the_example_of_the_environment_matches_docker_compose(tmp_path):
    example = uncommented(ROOT / ".env.EXAMPLE", tmp_path)
    redis, database = urlsplit(example["REDIS_URL"]), urlsplit(example["DATABASE_URL"])
    assert f"{redis.hostname}:{redis.port}:6379" in COMPOSE["services"]["redis"]["ports"]
    assert f"{database.hostname}:{database.port}:5432" in COMPOSE["services"]["postgres"]["ports"]
    given = COMPOSE["services"]["postgres"]["environment"]
    expected = (given["POSTGRES_USER"], given["POSTGRES_PASSWORD"], given["POSTGRES_DB"])
    assert (database.username, database.password, database.path[1:]) == expected
    assert (example["DB_USER"], example["DB_PASSWORD"], example["DB_NAME"]) == expected
    assert (example["DB_HOST"], example["DB_PORT"]) == (database.hostname, str(database.port))
    assert (example["REDIS_HOST"], example["REDIS_PORT"]) == (redis.hostname, str(redis.port))


def test_the_two_groups_of_variables_mean_what_the_two_addresses_mean(monkeypatch, tmp_path):
    import environ

    example = uncommented(ROOT / ".env.EXAMPLE", tmp_path)
    for name in list(example):
        monkeypatch.delenv(name, raising=False)
    found = []
    for group in (r"DATABASE_URL|REDIS_URL", r"DB_\w+|REDIS_(HOST|PORT)"):
        for name, value in example.items():
            if re.fullmatch(group, name):
                monkeypatch.setenv(name, value)
        config = services.databases(environ.Env(), tmp_path)["default"]
        names = ("ENGINE", "HOST", "PORT", "NAME", "USER", "PASSWORD")
        found.append(
            ({name: str(config[name]) for name in names}, services.channel_layers(), services.caches())
        )
        for name in example:
            monkeypatch.delenv(name, raising=False)
    assert found[0] == found[1]


def test_the_example_of_the_environment_means_the_offline_model(monkeypatch):
    for name in ("OPENAI_BASE_URL", "LLM_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in read_env_file(ROOT / ".env.EXAMPLE").items():
        monkeypatch.setenv(name, value)
    assert services.Model().offline


def test_compose_starts_only_the_services_unless_the_profile_is_asked_for():
    plain = [name for name, service in COMPOSE["services"].items() if "profiles" not in service]
    assert plain == ["redis", "postgres"]
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def dockerfile() -> list[list[str]]:
    """The instructions as words, continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    return [
        shlex.split(line, comments=True) for line in text.splitlines() if line and not line.startswith("#")
    ]


def test_everything_that_the_image_copies_is_there():
    ignored = {line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"}
    copied = [words[1:-1] for words in dockerfile() if words[0] == "COPY" and not words[1].startswith("--")]
    assert len(copied) >= 10
    for source in (source for sources in copied for source in sources):
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] not in ignored, source


def test_the_image_has_the_libraries_of_the_core():
    linked = subprocess.run(["ldd", chanx._core.__file__], capture_output=True, text=True, check=True).stdout
    packages = [words for words in dockerfile() if words[0] == "RUN"][-2]
    for library in ("libsimdjson", "libhiredis", "libssl"):
        assert (f"{library}.so" in linked) == any(package.startswith(library) for package in packages), (
            library
        )


def test_the_image_runs_what_exists_and_not_as_root():
    words = dockerfile()
    command = next(instruction for instruction in words if instruction[0] == "CMD")
    assert "config.asgi:application," in command
    users = [index for index, instruction in enumerate(words) if instruction[0] == "USER"]
    assert users
    assert words[users[-1]][1] != "root"
    assert users[-1] > max(index for index, instruction in enumerate(words) if instruction[0] == "FROM")


@pytest.mark.parametrize("path", ["docker-compose.yml", ".env.EXAMPLE"])
def test_no_secret_of_production_is_in_the_examples(path):
    text = (ROOT / path).read_text()
    assert not re.search(r"sk-[A-Za-z0-9]{10}", text)
    assert "config.settings.prod" not in text
