"""Liveness and readiness, and the files that a deployment starts from."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from llm_server_process import llm_server
from sandbox_server import free_port

from config.settings.environment import read_env_file

ROOT = Path(__file__).resolve().parents[3]


def test_the_process_is_live(client):
    assert client.get("/health/live").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_when_database_layer_and_model_answer(client, settings):
    with llm_server() as model:
        settings.OPENAI_BASE_URL = f"{model.url}/v1"
        response = client.get("/health/ready")
    assert response.json() == {"status": "ok", "database": "ok", "layer": "ok", "model": "ok"}
    assert response.status_code == 200


@pytest.mark.django_db
def test_not_ready_without_the_model_which_is_named(client, settings):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json() == {"status": "failing", "database": "ok", "layer": "ok", "model": "failing"}


def test_the_example_of_the_environment_matches_docker_compose(tmp_path):
    uncommented = "\n".join(
        line.removeprefix("# ") if "=" in line else line
        for line in (ROOT / ".env.EXAMPLE").read_text().splitlines()
    )
    (tmp_path / ".env").write_text(uncommented)
    example = read_env_file(tmp_path / ".env")
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    redis, database = urlsplit(example["REDIS_URL"]), urlsplit(example["DATABASE_URL"])
    assert f"{redis.hostname}:{redis.port}:6379" in services["redis"]["ports"]
    assert f"{database.hostname}:{database.port}:5432" in services["postgres"]["ports"]
    given = services["postgres"]["environment"]
    assert (database.username, database.password, database.path[1:]) == (
        given["POSTGRES_USER"],
        given["POSTGRES_PASSWORD"],
        given["POSTGRES_DB"],
    )


def test_the_example_of_the_environment_means_the_offline_model(monkeypatch):
    from config.settings import services

    for name in ("OPENAI_BASE_URL", "LLM_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in read_env_file(ROOT / ".env.EXAMPLE").items():
        monkeypatch.setenv(name, value)
    assert services.Model().offline
