"""How many answers are in progress, and what became of the others."""

from dataclasses import asdict, dataclass, field

from llm_server.protocol import ProtocolError


@dataclass(slots=True)
class Counters:
    """What the server has done since its start, shown by /health."""

    active: int = 0
    completed: int = 0
    cancelled: int = 0
    failed: int = 0
    refused: int = 0


@dataclass(slots=True)
class Places:
    """A limit of answers in progress.

    Attributes:
        limit: The most at once.
        counters: What has been done.
    """

    limit: int
    counters: Counters = field(default_factory=Counters)

    def take(self) -> None:
        """Takes a place.

        Raises:
            ProtocolError: There is none; the client should come again.
        """
        if self.counters.active >= self.limit:
            self.counters.refused += 1
            raise ProtocolError(
                429,
                f"All {self.limit} places are taken; try again in a second.",
                kind="rate_limit_error",
                code="rate_limit_exceeded",
                headers={"Retry-After": "1"},
            )
        self.counters.active += 1

    def leave(self, outcome: str) -> None:
        """Gives a place back and counts how the answer ended: `completed`, `cancelled` or `failed`."""
        self.counters.active -= 1
        setattr(self.counters, outcome, getattr(self.counters, outcome) + 1)

    def shown(self) -> dict[str, int]:
        """For /health."""
        return {"max_concurrency": self.limit, **asdict(self.counters)}
