"""Typed, real-time WebSocket applications on Django Channels, with the hot path in C++."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chanx._installation import check_installation

if TYPE_CHECKING:
    from chanx.codec import MessageCodec, explain

__all__ = ["MessageCodec", "__version__", "explain"]
__version__ = "0.1.0"

check_installation(__path__[0])


def __getattr__(name: str) -> Any:
    # The codec loads pydantic and the native core, which `import chanx` alone should not cost.
    if name in ("MessageCodec", "explain"):
        from chanx import codec

        return getattr(codec, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
