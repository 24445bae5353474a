"""The exceptions of the package; those of the ecosystem are used where they fit."""


class ChanxError(Exception):
    """Base of every exception of this package's own."""


class ConfigurationError(ChanxError, RuntimeError):
    """A setting or a class attribute makes no sense; the message names it and the fix."""
