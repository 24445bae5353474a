"""What every authenticator of a WebSocket connection has in common."""

from abc import ABC, abstractmethod
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from chanx.constants import CLOSE_UNAUTHENTICATED

if TYPE_CHECKING:
    from chanx.type_defs import SendMessageFn

_CLOSE_CODE_BASE = 4000
_ERROR_STATUSES = range(400, 600)


@dataclass(frozen=True)
class Credential:
    """A value a client has to present when it connects; documented in the AsyncAPI schema.

    Attributes:
        name: Name of the query parameter, header or cookie.
        location: Where in the handshake request the value is looked for.
        description: What the value is and where a client gets it.
    """

    name: str
    location: Literal["query", "header", "cookie"]
    description: str | None = None


class BaseAuthenticator(ABC):
    """Decides whether a connection may stay open.

    A consumer makes one instance for each connection, once it has been accepted.

    Attributes:
        credentials: What clients present, for the documentation.
        status_code: The HTTP status of the outcome, set by :meth:`authenticate`; ``None`` until
            then, and for authenticators that know no statuses.
    """

    credentials: ClassVar[Sequence[Credential]] = ()
    status_code: int | None = None

    def __init__(self, send_message: "SendMessageFn"):
        self.send_message = send_message

    @abstractmethod
    async def authenticate(self, scope: MutableMapping[str, Any]) -> bool:
        """Check the connection.

        Args:
            scope: The ASGI scope of the connection.

        Returns:
            True to keep the connection open, False to have it closed with :attr:`close_code`.
        """

    @property
    def close_code(self) -> int:
        """WebSocket close code of a refusal: 4000 plus the HTTP status, 4401 without one."""
        status = self.status_code
        if status is None or status not in _ERROR_STATUSES:
            return CLOSE_UNAUTHENTICATED
        return _CLOSE_CODE_BASE + status
