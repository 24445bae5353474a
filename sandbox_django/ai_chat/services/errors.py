"""What a person may be told of a request that cannot be done."""


class ChatError(Exception):
    """A refusal with a message for the person.

    Attributes:
        status: The HTTP status that fits.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class BusyError(ChatError):
    """The session's answer is still being written."""

    def __init__(self) -> None:
        super().__init__("An answer is still being written: wait for its end, or stop it.", 409)


class NoServerError(ChatError):
    """No LLM server answers."""

    def __init__(self) -> None:
        super().__init__("No LLM server answers. Try again in a moment.", 502)
