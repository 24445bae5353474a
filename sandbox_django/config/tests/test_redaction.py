"""Secrets are hidden from the log, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.redaction import HIDDEN, hide_secrets, redact, redact_text

SECRET = "s3cr3t-Value.of_a~token"


@pytest.mark.parametrize(
    "text",
    [
        "GET /ws/ai-chat/session/1/?token=%s HTTP/1.1",
        "/x?a=1&token=%s&b=2",
        "/x?TOKEN=%s",
        "/x?%%74oken=%s",
        "/x?a=1;access_token=%s",
        '"WebSocket /ws/system/?refresh_token=%s" [accepted]',
        "Authorization: Bearer %s",
        "authorization token %s",
    ],
)
def test_a_secret_is_hidden_and_the_rest_is_kept(text):
    hidden = redact_text(text % SECRET)
    assert SECRET not in hidden
    assert HIDDEN in hidden
    assert hidden.split(HIDDEN)[0] == (text % SECRET).split(SECRET)[0]


def test_a_json_web_token_is_hidden_wherever_it_stands():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ.c2lnbmF0dXJl"
    assert redact_text(f"received {token} from a page") == f"received {HIDDEN} from a page"


@pytest.mark.parametrize("text", ["/x?page=2&q=token", "tokens=5", "a ? b = c", "3 tokens a second", ""])
def test_what_is_no_secret_stays(text):
    assert redact_text(text) == text


def test_what_an_event_carries_is_searched_to_its_depths():
    event = {
        "event": "request_finished",
        "request": f"GET /?token={SECRET}",
        "headers": {"Cookie": SECRET, "Accept": "text/html"},
        "tried": [f"/a?key={SECRET}", (f"/b?jwt={SECRET}",)],
        "raw": f"/c?auth={SECRET}".encode(),
        "password": SECRET,
        "code": 200,
    }
    hidden = hide_secrets(None, "info", event)
    assert SECRET not in repr(hidden)
    assert hidden["headers"]["Accept"] == "text/html"
    assert hidden["code"] == 200


@given(st.text(), st.sampled_from(["token", "access", "api_key", "Password"]), st.text(min_size=1))
def test_no_parameter_of_these_names_survives(before, name, value):
    secret = "".join(character for character in value if character.isalnum()) + "0123456789"
    hidden = redact_text(f"{before} /p?{name}={secret}")
    assert hidden.endswith(f"?{name}={HIDDEN}")


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_the_shape_of_a_value_is_kept(value):
    assert type(redact(value)) is type(value)
