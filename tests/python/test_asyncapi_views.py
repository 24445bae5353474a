"""The documentation over HTTP: document, page and its files, and the schema command."""

import io
import json
import re
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory, override_settings

from chanx.asyncapi.docs import docs_assets, integrity_attrs, schema_script_json
from chanx.channels.utils.settings import settings_context
from chanx.channels.views import AsyncAPIDocsView, generate_asyncapi_schema

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/yaml;q=0.5", HTML]
)
def test_the_document_is_json_by_default(client: Client, accept: str | None) -> None:
    headers = {"accept": accept} if accept else {}
    response = client.get("/asyncapi/schema/", headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["asyncapi"] == "3.0.0"
    assert "Accept" in response["Vary"]


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("?format=yaml", "application/json"),
        ("", "application/yaml"),
        ("", "application/x-yaml"),
        ("", "text/yaml, application/json;q=0.5"),
    ],
)
def test_the_document_is_yaml_on_request(client: Client, query: str, accept: str) -> None:
    response = client.get(f"/asyncapi/schema/{query}", headers={"accept": accept})
    assert response["Content-Type"].startswith("application/yaml")
    as_json = client.get("/asyncapi/schema/?format=json", headers={"accept": accept}).json()
    assert yaml.safe_load(response.content) == as_json


def test_an_unknown_format_is_refused(client: Client) -> None:
    response = client.get("/asyncapi/schema/?format=xml")
    assert response.status_code == 400
    assert "json or yaml" in response.json()["error"]


@pytest.mark.parametrize(
    ("accept", "target"),
    [(HTML, "/asyncapi/docs/"), ("application/json", "/asyncapi/schema/"), ("*/*", "/asyncapi/schema/")],
)
def test_the_index_sends_browsers_to_the_page_and_others_to_the_document(
    client: Client, accept: str, target: str
) -> None:
    response = client.get("/asyncapi/", headers={"accept": accept})
    assert response.status_code == 302
    assert response["Location"] == target
    query = client.get("/asyncapi/?format=yaml", headers={"accept": accept})
    assert query["Location"] == f"{target}?format=yaml"


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/asyncapi/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<title>AsyncAPI Documentation</title>" in page
    urls = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len([url for url in urls if url.startswith("?asset=docs.")]) == 2
    assert not [url for url in urls if "//" in url]
    embedded = re.search(r'id="asyncapi-document">(.*?)</script>', page, re.DOTALL)
    assert embedded is not None
    document = json.loads(embedded[1])
    assert document == client.get("/asyncapi/schema/").json()
    assert 'data-schema-url="/asyncapi/schema/"' in page


def test_the_files_of_the_page_come_from_the_page_and_are_cached(client: Client) -> None:
    page = client.get("/asyncapi/docs/").content.decode()
    for url, content_type in zip(
        re.findall(r'"(\?asset=[^"]+)"', page), ["text/css", "text/javascript"], strict=True
    ):
        response = client.get(f"/asyncapi/docs/{url.replace('&amp;', '&')}")
        assert response.status_code == 200
        assert response["Content-Type"].startswith(content_type)
        assert len(response.content) > 1000
        assert "immutable" in response["Cache-Control"]
        again = client.get(f"/asyncapi/docs/{url}", headers={"if-none-match": response["ETag"]})
        assert again.status_code == 304
    assert client.get("/asyncapi/docs/?asset=docs.css")["Cache-Control"] == "no-cache"
    assert client.get("/asyncapi/docs/?asset=../docs.py").status_code == 404


def test_descriptions_cannot_break_out_of_the_page(client: Client) -> None:
    with settings_context(
        ASYNCAPI_TITLE="<img src=x>", ASYNCAPI_DESCRIPTION="</script><script>alert(1)</script>"
    ):
        page = client.get("/asyncapi/docs/").content.decode()
    assert "<img" not in page
    assert "alert(1)</script>" not in page
    assert json.loads(schema_script_json({"a": "</script>&<!--"})) == {"a": "</script>&<!--"}


def test_another_script_is_loaded_with_its_hash(client: Client) -> None:
    with settings_context(
        ASYNCAPI_DOCS_JS_URL="https://cdn.example.com/x.js",
        ASYNCAPI_DOCS_JS_INTEGRITY="sha384-abc",
        ASYNCAPI_DOCS_CSS_URL="/static/x.css",
    ):
        page = client.get("/asyncapi/docs/").content.decode()
    assert 'src="https://cdn.example.com/x.js" integrity="sha384-abc" crossorigin="anonymous"' in page
    assert '<link rel="stylesheet" href="/static/x.css">' in page
    assert "AsyncApiStandalone.render(" in page


def test_assets_by_default_and_by_settings() -> None:
    own = docs_assets()
    assert own["js_integrity"] is None
    assert str(own["js_url"]).startswith("?")
    assert docs_assets("a.js", None, "hash")["js_integrity"] == "hash"
    assert docs_assets("a.js")["css_url"] == own["css_url"]
    assert integrity_attrs(None) == ""
    assert integrity_attrs('x"y') == ' integrity="x&quot;y" crossorigin="anonymous"'


def test_the_page_works_without_the_urls_of_the_package() -> None:
    request = RequestFactory().get("/somewhere/else/")
    response = AsyncAPIDocsView.as_view()(request)
    assert response.status_code == 200
    assert b"?asset=docs.js" in response.content


def test_settings_name_title_version_server_and_schemes() -> None:
    with settings_context(
        ASYNCAPI_TITLE="Rooms",
        ASYNCAPI_VERSION="2.1",
        ASYNCAPI_DESCRIPTION="Talk",
        ASYNCAPI_SERVER_URL="sockets.example.com",
        ASYNCAPI_SERVER_PROTOCOL="wss",
        ASYNCAPI_SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer"}},
        CAMELIZE=True,
    ):
        document = generate_asyncapi_schema(RequestFactory().get("/"))
    assert document["info"] == {"title": "Rooms", "version": "2.1", "description": "Talk"}
    server = {"host": "sockets.example.com", "protocol": "wss"}
    assert document["servers"] == {"production": server}
    assert "bearer" in document["components"]["securitySchemes"]
    assert "handleSay" in document["operations"]


def test_the_server_is_the_requests_unless_a_setting_names_another() -> None:
    factory = RequestFactory()
    secure = generate_asyncapi_schema(factory.get("/", secure=True))["servers"]
    assert secure == {"production": {"host": "testserver", "protocol": "wss"}}
    with settings_context(WEBSOCKET_BASE_URL="wss://ws.example.com"):
        named = generate_asyncapi_schema(factory.get("/"))["servers"]
    assert named == {"production": {"host": "ws.example.com", "protocol": "wss"}}
    servers = {"eu": {"host": "eu.example.com", "protocol": "wss"}}
    with settings_context(ASYNCAPI_SERVERS=servers):
        assert generate_asyncapi_schema(factory.get("/"))["servers"] == servers


def test_a_document_that_cannot_be_made_is_explained(client: Client) -> None:
    with override_settings(ASGI_APPLICATION="no.such.application"):
        document = client.get("/asyncapi/schema/")
        page = client.get("/asyncapi/docs/")
    assert document.status_code == page.status_code == 500
    assert "ASGI_APPLICATION" in document.json()["error"]
    assert b"ASGI_APPLICATION" in page.content


def run_command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("generate_asyncapi_schema", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_yaml_or_json() -> None:
    document = yaml.safe_load(run_command())
    assert document == json.loads(run_command("--format", "json"))
    assert document["servers"] == {"development": {"host": "localhost:8000", "protocol": "ws"}}
    assert document["channels"]["room"]["address"] == "ws/rooms/{room}/"


def test_the_command_takes_options(tmp_path: Path) -> None:
    target = tmp_path / "schema.json"
    said = run_command(
        *("--format", "json", "--file", str(target), "--base-url", "wss://example.com"),
        *("--title", "T", "--api-version", "3", "--description", "D"),
    )
    assert str(target) in said
    document = json.loads(target.read_text())
    assert document["info"] == {"title": "T", "version": "3", "description": "D"}
    assert document["servers"] == {"production": {"host": "example.com", "protocol": "wss"}}


def test_the_command_takes_another_discovery() -> None:
    document = json.loads(
        run_command("--format", "json", "--discovery-class", "tests.project.discovery.OneRoute")
    )
    assert document["channels"].keys() == {"plain"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--file", "/no/such/directory/x.yaml"], "Cannot write /no/such/directory/x.yaml"),
        (["--discovery-class", "no.such.Class"], "cannot be made"),
        (["--discovery-class", "pathlib.Path"], "no subclass of"),
    ],
)
def test_the_command_explains_what_it_cannot_do(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run_command(*arguments)
