"""The pages over HTTP."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/", "/login", "/login/", "/chat/", "/assistants/", "/system/", "/asyncapi/docs/"]
)
def test_the_page_answers(client, path):
    assert client.get(path).status_code == 200


def test_no_page_loads_anything_from_another_host(client):
    for path in ("/", "/login", "/chat/", "/assistants/", "/system/", "/asyncapi/docs/"):
        body = client.get(path).content.decode()
        assert 'src="http' not in body, path
        assert 'rel="stylesheet" href="http' not in body, path


def test_an_unknown_page_says_so(client):
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert "There is no page at this address" in response.content.decode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/static/css/sandbox.css", "text/css"),
        ("/static/js/socket.js", "text/javascript"),
        ("/static/icon.svg", "image/svg+xml"),
        ("/static/admin/css/base.css", "text/css"),
    ],
)
def test_static_files_are_served_without_a_web_server(client, path, kind):
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith(kind)
    assert int(response["Content-Length"]) == len(response.content) > 0


def test_an_unchanged_static_file_is_not_sent_again(client):
    modified = client.get("/static/icon.svg")["Last-Modified"]
    response = client.get("/static/icon.svg", headers={"if-modified-since": modified})
    assert response.status_code == 304
    assert response.content == b""


def test_the_room_of_the_address_is_escaped(client):
    body = client.get("/chat/", {"room": '"><script>x</script>'}).content.decode()
    assert "<script>x</script>" not in body


def test_the_overview_shows_no_password(settings):
    from config.overview import overview

    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [{"address": "redis://user:secret@cache:6379/1"}]},
        }
    }
    settings.OFFLINE_MODEL = False
    settings.OPENAI_BASE_URL = "https://me:secret@models.example/v1"
    rows = dict(overview().rows())
    assert rows["Channel layer"].endswith("redis://cache:6379/1")
    assert rows["Model"].endswith("https://models.example/v1")
