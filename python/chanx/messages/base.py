"""The base of every message."""

import abc
import inspect
from typing import Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from typing_extensions import Unpack


class BaseMessage(BaseModel, abc.ABC):
    """A typed frame: an action, which decides the handler, and a payload.

    Subclasses declare ``action`` as a ``Literal`` with a default, and ``payload`` as anything that
    pydantic can validate.

    Attributes:
        action: The name that frames are routed by.
        payload: The content.
    """

    action: Any
    payload: Any

    def __init_subclass__(cls, **kwargs: Unpack[ConfigDict]) -> None:
        """Check that the subclass declares what frames are routed by.

        Raises:
            TypeError: ``action`` is not declared on the class, or is not a ``Literal``.
        """
        super().__init_subclass__(**kwargs)
        if cls.__name__.endswith("]"):
            return  # a parametrised generic inherits what its origin declares
        try:
            annotation = inspect.get_annotations(cls).get("action")
        except NameError:
            return  # deferred annotations of Python 3.14 that name something not defined yet
        if get_origin(annotation) is ClassVar or (annotation is None and "action" in cls.__class_vars__):
            return  # a FlatMessage: the consumer's discriminator_field names what it is routed by
        if annotation is None:
            raise TypeError(f"Class '{cls.__name__}' must define an 'action' field")
        if not _is_literal(annotation):
            raise TypeError(f"Class '{cls.__name__}' requires the field 'action' to be a `Literal` type")


def _is_literal(annotation: Any) -> bool:
    """Whether an annotation is a ``Literal``, or an ``Annotated`` one."""
    if isinstance(annotation, str):
        return "Literal[" in annotation
    if get_origin(annotation) is Literal:
        return True
    return hasattr(annotation, "__metadata__") and _is_literal(get_args(annotation)[0])
