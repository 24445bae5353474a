"""The base of messages that are routed by a field of their own and have no payload."""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from chanx.messages.base import BaseMessage


class FlatMessage(BaseMessage):
    """A typed frame whose fields stand beside the one that it is routed by.

    For protocols that are given: ``{"type": "typing", "user": "alice"}``. Subclasses declare their fields, and among
    them the one that the consumer names as ``discriminator_field``, as a ``Literal`` with a default.
    """

    if TYPE_CHECKING:
        # For type checkers a field that no constructor takes: one is not to be asked for them.
        action: Any = Field(default=None, init=False)
        payload: Any = Field(default=None, init=False)
    else:
        action: ClassVar[Any] = None
        payload: ClassVar[Any] = None
