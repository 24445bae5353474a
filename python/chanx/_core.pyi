# Generated from the compiled core by `make stubs`; do not edit.
"""
The native core of chanx: validation, encoding and channel layers.
"""

from __future__ import annotations
import typing

__all__: list[str] = ["Decoder", "Encoder", "Plan", "camelize", "compile_plan", "decamelize"]

class Plan:
    """
    The compiled plan of a message type, with its Python objects. Opaque.
    """

class Decoder:
    """
    Called with text, gives the message it holds.
    """
    @staticmethod
    def __new__(type, *args, **kwargs):
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args, **kwargs):
        """
        Call self as a function.
        """

class Encoder:
    """
    Called with a message, gives its JSON. `compile(cls)` gives the Plan of a class, or None.
    """
    @staticmethod
    def __new__(type, *args, **kwargs):
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args, **kwargs):
        """
        Call self as a function.
        """

def camelize(key: str) -> str | None:
    """
    The key in camelCase as pyhumps writes it; None for a key that is not ASCII letters, digits, _ and -.
    """

def compile_plan(
    nodes: list, root: typing.SupportsInt | typing.SupportsIndex, camelize: bool, for_encoding: bool
) -> typing.Any:
    """
    Compile the nodes of a message type. Raises ValueError for what the core cannot represent.
    """

def decamelize(key: str) -> str | None:
    """
    The key in snake_case as pyhumps writes it; None for a key that is not ASCII letters, digits, _ and -.
    """
