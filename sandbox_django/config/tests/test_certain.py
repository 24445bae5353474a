"""What is taken for certain is checked where it is taken."""

import pytest
from accounts.models import User
from chat.serializers import ChatMessageSerializer
from django.contrib.auth.models import AnonymousUser
from django.utils.functional import SimpleLazyObject

from config.certain import instance_of, member


def test_a_user_is_a_member_however_lazily_it_is_loaded():
    user = User(username="alice")
    assert member(user) is user
    assert member(SimpleLazyObject(lambda: user)) == user


@pytest.mark.parametrize("nobody", [AnonymousUser(), None])
def test_nobody_is_no_member(nobody):
    with pytest.raises(TypeError, match="for users"):
        member(nobody)


def test_a_serializer_without_instance_changes_nothing():
    with pytest.raises(TypeError, match="changes nothing"):
        instance_of(ChatMessageSerializer(data={}))
