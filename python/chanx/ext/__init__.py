"""Import paths of chanx 1.x: ``chanx.ext.channels`` and all below it are ``chanx.channels``.

They are the same module objects under a second name, so that a class imported by either path is one
class. The stub files beside this one tell type checkers.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

_OLD = "chanx.ext.channels"
_NEW = "chanx.channels"


class _AliasLoader(Loader):
    """Hands out a module that has been imported under its own name."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._own_spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._target)
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's spec here; reloading and relative imports go by it.
        module.__spec__ = self._own_spec


class _AliasFinder(MetaPathFinder):
    """Finds the modules below the old path."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _OLD and not fullname.startswith(f"{_OLD}."):
            return None
        new_name = _NEW + fullname.removeprefix(_OLD)
        if (found := find_spec(new_name)) is None:
            return None
        is_package = found.submodule_search_locations is not None
        return ModuleSpec(fullname, _AliasLoader(new_name), origin=found.origin, is_package=is_package)


sys.meta_path.insert(0, _AliasFinder())
