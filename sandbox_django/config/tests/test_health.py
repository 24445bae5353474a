"""Liveness and readiness."""

import pytest
from llm_server_process import llm_server
from ports import free_port


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
