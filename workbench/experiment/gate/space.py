"""The code under test where it is another ``workbench`` than the one that measures.

A worker measures with the workbench that runs the gate. In the workbench's own repository the code under test is a
package of the same name, of another revision: both must live in one process, each with its own modules. So the
subject's are in ``sys.modules`` only while its code runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

__all__ = ["SubjectSpace"]

_PACKAGE = "workbench"


class SubjectSpace:
    """``roots`` come first on ``sys.path`` for good; ``apart``: whether the subject has a workbench of its own."""

    def __init__(self, roots: list[str], *, apart: bool) -> None:
        self.apart = apart
        self._theirs: dict[str, ModuleType] = {}
        sys.path[:0] = roots

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The subject's modules are the ones that imports find."""
        if not self.apart:
            yield
            return
        ours = _swap(self._theirs)
        try:
            yield
        finally:
            self._theirs = _swap(ours)


def _swap(modules: dict[str, ModuleType]) -> dict[str, ModuleType]:
    """Put these modules of the package in place of those there are, which are returned."""
    names = [name for name in sys.modules if name == _PACKAGE or name.startswith(f"{_PACKAGE}.")]
    present = {name: sys.modules.pop(name) for name in names}
    sys.modules.update(modules)
    return present
