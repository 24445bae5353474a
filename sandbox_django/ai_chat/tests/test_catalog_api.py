"""Models, preferences, presets, tokens, health and numbers over REST."""

from io import StringIO

import pytest
from accounts.authentication import ACCESS_COOKIE
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from ai_chat.models import LanguageModel
from ai_chat.services import catalog

NOTICE = "qwen3:8b is not served here; chanx-offline answers instead."


def test_models_are_synchronised_and_gone_ones_put_aside(api):
    LanguageModel.objects.create(name="gone", servers=["x"])
    result = api("post", "models/sync_models/")
    assert result == {"models": ["chanx-offline"], "added": ["chanx-offline"], "deactivated": ["gone"]}
    assert api("post", "models/sync_models/")["added"] == []
    page = api("get", "models/")
    [model] = page["results"]
    assert (model["name"], model["is_default"], model["is_active"]) == ("chanx-offline", True, True)
    assert (page["default_model"], page["notice"]) == ("chanx-offline", NOTICE)


def test_models_are_found_without_being_asked_for(api):
    assert [model["name"] for model in api("get", "models/")["results"]] == ["chanx-offline"]


def test_no_server_is_told_with_502(api, settings):
    settings.LLM_SERVER_URLS = ["http://127.0.0.1:9"]
    assert "No LLM server answers" in api("post", "models/sync_models/", status=502)["errors"][0]["detail"]


def test_the_command_synchronises_and_says_who_answers(api, settings):
    out = StringIO()
    call_command("sync_llm_models", stdout=out)
    assert out.getvalue().splitlines() == [
        "chanx-offline (new)",
        "1 models; chanx-offline answers by default.",
        NOTICE,
    ]
    settings.LLM_SERVER_URLS = ["http://127.0.0.1:9"]
    with pytest.raises(CommandError, match=r"no LLM server answers at http://127\.0\.0\.1:9"):
        call_command("sync_llm_models")


def test_the_order_of_choice_is_session_preference_default_first(api, settings):
    catalog.sync_models()
    for name in ("alpha", "beta", "gamma"):
        LanguageModel.objects.create(name=name)
    plain, own = api.session(), api.session(model="gamma")

    def effective(session):
        return api("get", f"sessions/{session}/")["effective_model"]

    assert (effective(plain), effective(own)) == ("chanx-offline", "gamma")
    settings.LLM_DEFAULT_MODEL = "alpha"
    assert effective(plain) == "alpha"
    assert api("patch", "preferences/", {"default_model": "beta"}) == {"default_model": "beta"}
    assert (effective(plain), effective(own)) == ("beta", "gamma")
    assert api("get", "preferences/") == {"default_model": "beta"}
    api("patch", "preferences/", {"default_model": "nobody"}, 400)
    LanguageModel.objects.filter(name__in=["beta", "gamma"]).update(is_active=False)
    assert (effective(plain), effective(own)) == ("alpha", "alpha")
    api("patch", "preferences/", {"default_model": None})
    assert api("get", "preferences/") == {"default_model": None}


def test_presets_are_shared_but_changed_by_their_owner_alone(api, stranger):
    fields = {
        "name": "Guide",
        "description": "Knows huts",
        "system_prompt": "You are a guide.",
        "temperature": 0.1,
        "tools": ["clock"],
    }
    private = api("post", "presets/", fields, 201)
    public = api("post", "presets/", {**fields, "name": "Open", "is_public": True}, 201)
    assert [preset["name"] for preset in api("get", "presets/")["results"]] == ["Guide", "Open"]
    [seen] = stranger("get", "presets/")["results"]
    assert (seen["name"], seen["owner"], seen["is_mine"]) == ("Open", "alice", False)
    assert private["is_mine"] is True
    stranger("get", f"presets/{private['id']}/", status=404)
    stranger("patch", f"presets/{public['id']}/", {"name": "Stolen"}, 403)
    stranger("delete", f"presets/{public['id']}/", status=403)
    stranger("post", f"presets/{private['id']}/create_session_from_preset/", {}, 404)
    session = stranger("post", f"presets/{public['id']}/create_session_from_preset/", {"title": "Tour"}, 201)
    assert (session["title"], session["system_prompt"], session["temperature"]) == (
        "Tour",
        "You are a guide.",
        0.1,
    )
    assert session["tools"] == ["clock"]
    assert stranger("get", "sessions/")["count"] == 1
    assert api("patch", f"presets/{public['id']}/", {"is_public": False})["is_public"] is False
    assert stranger("get", "presets/")["count"] == 0
    api("delete", f"presets/{public['id']}/", status=204)


def test_health_is_public_and_stats_are_not(transactional_db, nobody, settings, model_url):
    health = nobody("get", "health/llm_server/")
    assert health == {
        "status": "healthy",
        "servers": [{"status": "healthy", "models": ["chanx-offline"], "active": 0}],
        "default_model": "qwen3:8b",
        "effective_model": "chanx-offline",
        "notice": NOTICE,
    }
    settings.LLM_SERVER_URLS = ["http://127.0.0.1:9", model_url]
    assert nobody("get", "health/llm_server/")["status"] == "degraded"
    settings.LLM_SERVER_URLS = ["http://127.0.0.1:9"]
    assert nobody("get", "health/llm_server/", status=503)["status"] == "unhealthy"
    nobody("get", "health/stats/", status=401)


def test_stats_count_the_user_s_own(api, stranger):
    api("post", f"sessions/{api.session()}/send_message/", {"message": "hello"}, 201)
    api("delete", f"sessions/{api.session()}/", status=204)
    assert api("get", "health/stats/") == {
        "sessions": 2,
        "active_sessions": 1,
        "messages": 2,
        "user_messages": 1,
        "assistant_messages": 1,
        "failed_messages": 0,
        "streaming": 0,
        "models": {"chanx-offline": 1},
    }
    assert stranger("get", "health/stats/")["sessions"] == 0


def test_tokens_are_given_for_name_and_password(api, nobody):
    good = {"username": "alice", "password": "a good password"}
    assert nobody("post", "token/", good) == {"token": api.token}
    nobody("post", "token/", {**good, "password": "wrong"}, 401)
    nobody("post", "token/", {"username": "alice"}, 400)
    api.user.is_active = False
    api.user.save()
    nobody("post", "token/", good, 401)
    api("get", "sessions/", status=401)


def test_token_jwt_cookie_and_session_all_count_and_cookies_need_csrf(api):
    by_session = Client(enforce_csrf_checks=True)
    by_session.force_login(api.user)
    by_cookie = Client(enforce_csrf_checks=True)
    by_cookie.cookies[ACCESS_COOKIE] = str(AccessToken.for_user(api.user))
    for client in (by_session, by_cookie):
        assert client.get("/ai-chat/api/sessions/").status_code == 200
        assert client.post("/ai-chat/api/sessions/", {}, "application/json").status_code == 403
    by_token = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {api.token}"})
    assert by_token.post("/ai-chat/api/sessions/", {}, "application/json").status_code == 201


def test_tools_are_named(api):
    assert [tool["name"] for tool in api("get", "tools/")["tools"]] == ["clock", "search_chats"]
