"""Routes of WebSocket consumers: Django's ``path`` and ``re_path``, typed for ASGI applications.

Patterns go into ``channels.routing.URLRouter``; :func:`include` hangs one router below another.
"""

from importlib import import_module
from types import ModuleType
from typing import Any, TypeAlias, cast

from channels.routing import URLRouter
from django.core.exceptions import ImproperlyConfigured
from django.urls import path as django_path
from django.urls import re_path as django_re_path

_URLConf: TypeAlias = URLRouter | str | ModuleType


class RouterNotFound(ImproperlyConfigured, AttributeError):
    """What was given to :func:`include` has no ``router``."""


def include(arg: _URLConf) -> URLRouter:
    """Find the router to hang below a path.

    Args:
        arg: A router, a module with an attribute ``router``, or the dotted path of such a module.

    Returns:
        The router.

    Raises:
        ImportError: There is no module of that name.
        RouterNotFound: The module has no ``router``, or it is no ``URLRouter``.
    """
    if isinstance(arg, URLRouter):
        return arg
    module: Any = import_module(arg) if isinstance(arg, str) else arg
    router: Any = getattr(module, "router", None)
    name = getattr(module, "__name__", repr(module))
    if isinstance(router, list | tuple):
        return URLRouter(list(cast("list[Any]", router)))
    if not isinstance(router, URLRouter):
        found = "it has none" if router is None else f"it is {router!r}"
        raise RouterNotFound(
            f"include() needs a URLRouter in the attribute `router` of {name}: {found}. "
            "Write `router = URLRouter([path(...), ...])` there."
        )
    return router


def path(route: Any, view: Any, kwargs: Any = None, name: str = "") -> Any:
    """Route a path to a consumer or to a router below it.

    Args:
        route: The path, with converters as in Django (``"chat/<str:room>/"``), without a leading slash.
        view: ``Consumer.as_asgi()``, any ASGI application, or a router.
        kwargs: Extra values for ``scope["url_route"]["kwargs"]``.
        name: Name of the route.

    Returns:
        The pattern for a ``URLRouter``.

    Raises:
        TypeError: The view is a class, mostly a consumer whose ``.as_asgi()`` was forgotten.
    """
    _refuse_class(view, route)
    return cast(Any, django_path)(route, view, kwargs, name)


def re_path(route: Any, view: Any, kwargs: Any = None, name: str = "") -> Any:
    """Route paths that match a regular expression; otherwise like :func:`path`.

    Raises:
        TypeError: The view is a class, mostly a consumer whose ``.as_asgi()`` was forgotten.
    """
    _refuse_class(view, route)
    return cast(Any, django_re_path)(route, view, kwargs, name)


def _refuse_class(view: Any, route: Any) -> None:
    if isinstance(view, type):
        raise TypeError(
            f"the route {str(route)!r} needs an ASGI application, not the class {view.__name__}: "
            f"write {view.__name__}.as_asgi()"
        )
