"""Turning growing snapshots of a text into pieces to send."""

from dataclasses import dataclass, field


@dataclass
class DeltaTracker:
    """Finds what is new in successive snapshots of one text.

    Attributes:
        text: The last snapshot seen.
    """

    text: str = field(default="")

    def push(self, snapshot: str) -> str:
        """Take a snapshot and return what to append, or all of it if the text was replaced."""
        return self.advance(snapshot)[0]

    def advance(self, snapshot: str) -> tuple[str, bool]:
        """Take a snapshot.

        Args:
            snapshot: The whole text so far.

        Returns:
            The new part, and whether it replaces the text instead of continuing it.
        """
        replaced = not snapshot.startswith(self.text)
        delta = snapshot if replaced else snapshot[len(self.text) :]
        self.text = snapshot
        return delta, replaced

    def reset(self) -> None:
        """Forget the text."""
        self.text = ""
