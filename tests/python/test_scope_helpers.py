"""What consumers read of a connection's scope."""

import pytest

from chanx.utils.scope import path_param, path_params, query_params, scope_user


def test_parameters_of_the_path_come_from_the_router() -> None:
    scope = {"url_route": {"kwargs": {"room": "red"}}}
    assert path_params(scope) == {"room": "red"}
    assert path_param(scope, "room") == "red"
    assert path_param(scope, "page", 1) == 1
    with pytest.raises(KeyError):
        path_param(scope, "page")
    assert path_params({}) == {}


def test_the_query_string_has_all_values_of_each_name() -> None:
    assert query_params({"query_string": b"x=1&x=2&y=&z"}) == {"x": ["1", "2"]}
    assert query_params({}) == {}


def test_a_query_string_that_is_no_text_fails_no_connection() -> None:
    assert query_params({"query_string": b"\xff=%zz&room=red"}) == {"\ufffd": ["%zz"], "room": ["red"]}


def test_the_user_is_the_one_of_a_middleware() -> None:
    assert scope_user({"user": "alice"}) == "alice"
    assert scope_user({}) is None
