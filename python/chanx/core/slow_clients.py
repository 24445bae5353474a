"""What becomes of the frames for a client that reads too slowly."""

from typing import Any, Final, Literal, get_args

from chanx.exceptions import ConfigurationError

SlowClientPolicy = Literal["pause", "disconnect", "drop_oldest", "keep_latest"]
"""What happens once more than ``send_queue_bytes`` wait for a client."""

SEND_QUEUE_BYTES: Final = 256 * 1024
"""Default bound of what may wait for one client, in bytes of memory."""

TRY_AGAIN_LATER: Final = 1013
"""Close code of the WebSocket registry for a server that cannot keep up with a client now."""


def check_policy(policy: Any, where: str) -> None:
    """Refuse a policy that there is none of.

    Args:
        policy: The value.
        where: What it was given as, for the error.

    Raises:
        ConfigurationError: It is none of ``SlowClientPolicy``.
    """
    if policy not in get_args(SlowClientPolicy):
        known = ", ".join(map(repr, get_args(SlowClientPolicy)))
        raise ConfigurationError(f"{where} is {policy!r}; it has to be one of {known}.")


def check_queue_bytes(count: Any, where: str) -> None:
    """Refuse a bound that is no positive number of bytes.

    Args:
        count: The value.
        where: What it was given as, for the error.

    Raises:
        ConfigurationError: It is none.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ConfigurationError(f"{where} is {count!r}; it has to be a number of bytes from 1.")


def check_close_code(code: Any, where: str) -> None:
    """Refuse a close code that a server may not send.

    Args:
        code: The value.
        where: What it was given as, for the error.

    Raises:
        ConfigurationError: It is no code that a close frame may carry.
    """
    allowed = not isinstance(code, bool) and isinstance(code, int)
    if not allowed or not (code in (1000, 1008, 1011, 1012, 1013) or 3000 <= code < 5000):
        raise ConfigurationError(
            f"{where} is {code!r}; a close frame carries 1000, 1008, 1011, 1012, 1013 or 3000 to 4999."
        )


def check_consumer(cls: type) -> None:
    """Refuse what a consumer class says of slow clients if it makes no sense.

    Args:
        cls: The class being made.

    Raises:
        ConfigurationError: One of its attributes makes no sense; the message names it.
    """
    own = cls.__dict__
    for name, check in (
        ("slow_client_policy", check_policy),
        ("send_queue_bytes", check_queue_bytes),
        ("slow_client_close_code", check_close_code),
    ):
        if name in own:
            check(own[name], f"{cls.__name__}.{name}")
