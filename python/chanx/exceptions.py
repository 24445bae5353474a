"""The exceptions of the package; those of the ecosystem are used where they fit."""


class ChanxError(Exception):
    """Base of every exception of this package's own."""


class ConfigurationError(ChanxError, RuntimeError):
    """A setting or a class attribute makes no sense; the message names it and the fix."""


class SlowClientError(ChanxError, OSError):
    """A frame was not sent: its client reads too slowly and is being disconnected."""


class RedisError(ChanxError):
    """Redis did not do what was asked; the message names the server and the cause."""


class RedisConnectionError(RedisError, ConnectionError):
    """The server cannot be reached, or the connection broke; what was under way may or may not have run."""


class RedisTimeoutError(RedisConnectionError, TimeoutError):
    """The server did not answer in time; the command may or may not have run."""


class RedisBacklogError(RedisError, BufferError):
    """More commands wait for the server than the configured bound allows; this one was not sent."""


class RedisAuthenticationError(RedisConnectionError):
    """The server refused the password or the user."""


class RedisDatabaseError(RedisConnectionError):
    """The server has no database of the configured number."""


class RedisResponseError(RedisError):
    """The server answered with an error."""


class RedisPermissionError(RedisResponseError):
    """The user may not run the command, or use the key or channel."""


class RedisReadOnlyError(RedisResponseError):
    """The server is a replica and takes no writes."""


class RedisMemoryError(RedisResponseError):
    """The server is at its memory limit and takes no writes."""


class MessageDecodeError(ChanxError, ValueError):
    """Bytes that came through a channel layer are no message that it can read."""
