"""The base of messages that are routed by a field of their own and have no payload."""

from typing import Any, ClassVar

from chanx.messages.base import BaseMessage


class FlatMessage(BaseMessage):
    """A typed frame whose fields stand beside the one that it is routed by.

    For protocols that are given: ``{"type": "typing", "user": "alice"}``. Subclasses declare their fields, and among
    them the one that the consumer names as ``discriminator_field``, as a ``Literal`` with a default.
    """

    action: ClassVar[Any] = None  # type: ignore[misc]  # takes the field of the base away
    payload: ClassVar[Any] = None  # type: ignore[misc]  # takes the field of the base away
