"""The limits of received frames, as the settings have them now."""

from typing import Any

from chanx.codec import FrameLimits
from chanx.core.config import config
from chanx.exceptions import ConfigurationError

_current: list[FrameLimits] = []


def frame_limits() -> FrameLimits:
    """The limits in force.

    Returns:
        The limits that the settings ``MAX_FRAME_BYTES``, ``_DEPTH``, ``_ELEMENTS`` and ``_STRING`` name.

    Raises:
        ConfigurationError: One of them is no positive integer, nor None.
    """
    if not _current:
        names = ("bytes", "depth", "elements", "string")
        values: dict[str, Any] = {f"max_{name}": getattr(config, f"max_frame_{name}") for name in names}
        try:
            limits = FrameLimits(**values)
        except ValueError as error:
            text = str(error).split(" ", 1)
            name = text[0].replace("max_", "MAX_FRAME_").upper()
            raise ConfigurationError(f"CHANX[{name!r}] {text[1]}") from None
        _current.append(limits)
    return _current[0]


config.on_change(_current.clear)
