"""Import a user's file so that two checkouts of the same code can live in one process.

``old/app.py`` and ``new/app.py`` may both ``import helpers``: each must get its own. So a file's siblings are in
``sys.modules`` only while its space is entered, and whatever else has their names is set aside meanwhile.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from types import ModuleType

from workbench.capture.outcome import outcome_of, raised_at, told
from workbench.errors import ScenarioError, UsageError
from workbench.experiment.contained import ProcessEnded, contained, is_ctrl_c
from workbench.experiment.deadline import Overdue

__all__ = ["IMPORT_S", "ModuleSpace"]

IMPORT_S = 600.0
"""Longest that an import may take where nobody says."""

_numbers = itertools.count(1)
_SHARED = frozenset(sys.stdlib_module_names) | {"workbench"}


class ModuleSpace:
    """A file's module and the modules of its folder. ``enter`` and ``leave`` alternate; ``close`` forgets all."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._siblings = _importable(self.path.parent) - _SHARED
        self._own: dict[str, ModuleType] = {}
        self._aside: dict[str, ModuleType] = {}
        self._sys_path: list[str] = []
        self._entered = False
        self._name = f"_workbench_target_{next(_numbers)}_{self.path.stem}"

    def enter(self) -> None:
        """Make the folder's modules importable, and those already imported visible."""
        self._entered = True
        self._aside = self._take()
        self._sys_path = sys.path[:]
        sys.path.insert(0, str(self.path.parent))
        sys.modules.update(self._own)

    def leave(self) -> None:
        """Put ``sys.path`` and ``sys.modules`` back as they were."""
        self._entered = False
        self._own = self._take()
        sys.path[:] = self._sys_path
        sys.modules.update(self._aside)

    def _take(self) -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name.partition(".")[0] in self._siblings]
        return {name: sys.modules.pop(name) for name in names}

    def load(self, timeout_s: float = IMPORT_S) -> ModuleType:
        """Import the file, under a name of its own. Raises ``ScenarioError`` if its top level fails.

        So it does where that ends the process, raises an interrupt of its own or takes longer than ``timeout_s``.
        """
        spec = importlib.util.spec_from_file_location(self._name, self.path)
        if spec is None or spec.loader is None:
            raise UsageError(f"{self.path} can't be imported")
        module = sys.modules[self._name] = importlib.util.module_from_spec(spec)
        self.enter()
        try:
            with contained(timeout_s):
                spec.loader.exec_module(module)
        except Overdue:
            self.close()
            raise ScenarioError(
                f"importing {self.path} did not end within {timeout_s:g} s and was stopped"
            ) from None
        except BaseException as error:
            self.close()
            if is_ctrl_c(error):
                raise
            ended = isinstance(error, ProcessEnded)  # whose words are ours
            what = told(error) if ended else outcome_of(error)[1] or "SystemExit: 0"
            raise ScenarioError(f"importing {self.path} failed{raised_at(error)}: {what}") from error
        self.leave()
        return module

    def close(self) -> None:
        """Forget the file's own module; also ends a space that an exception left entered."""
        if self._entered:
            self.leave()
        sys.modules.pop(self._name, None)


def _importable(folder: Path) -> set[str]:
    """Names of the modules and packages in a folder."""
    packages = {p.name for p in folder.iterdir() if p.is_dir() and p.name.isidentifier() and any(p.glob("*.py"))}
    return {p.stem for p in folder.glob("*.py") if p.stem.isidentifier()} | packages
