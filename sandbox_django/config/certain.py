"""What a permission class or REST framework makes certain, for code that cannot see that it did."""

from typing import Any, TypeVar

from accounts.models import User
from rest_framework.serializers import BaseSerializer

Instance = TypeVar("Instance")


def member(user: Any) -> User:
    """Returns the user of a request or a connection that only users get to.

    Raises:
        TypeError: It is nobody: the view or the consumer lets everyone in.
    """
    if not isinstance(user, User):
        raise TypeError("This is for users, and lets others in.")
    return user


def instance_of(serializer: BaseSerializer[Instance]) -> Instance:
    """Returns what the serializer of an update changes.

    Raises:
        TypeError: The serializer is not one of an update.
    """
    if serializer.instance is None:
        raise TypeError("This serializer changes nothing.")
    return serializer.instance
