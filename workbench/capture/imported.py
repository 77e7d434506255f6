"""Call something as soon as a module has been imported, so that nobody pays for importing what isn't used."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from workbench.capture.frames import instrumentation, resumes

__all__ = ["ImportWaiter"]


class ImportWaiter(MetaPathFinder):
    """Calls ``arrived`` once when the module of that name has been imported; waits while it is installed.

    That somebody merely asks whether the module is there (``find_spec``) changes nothing.
    """

    def __init__(self, module: str, arrived: Callable[[], None]) -> None:
        self.module = module
        self._arrived = arrived
        self._search = threading.local()

    def install(self) -> None:
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if fullname != self.module or getattr(self._search, "under_way", False):
            return None
        self._search.under_way = True  # the other finders are asked now, by way of this method
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._search.under_way = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec, spec.loader, self._landed)
        return spec

    def _landed(self, module: ModuleType) -> None:
        if sys.modules.get(self.module) is module:  # not a copy that the program loads for itself
            self.remove()
            self._arrived()


class _Loader(Loader):
    """Loads a module by its own loader, which is back in its place before the module runs."""

    def __init__(self, spec: ModuleSpec, loader: Loader, arrived: Callable[[ModuleType], None]) -> None:
        self._spec = spec
        self._loader = loader
        self._arrived = arrived

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    @instrumentation
    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader = module.__loader__ = self._loader
        self._run(module)
        self._arrived(module)

    @resumes
    def _run(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
