"""An IPython of its own with the workbench's extension on; a test module imports ``shell`` to use it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import workbench as wb

__all__ = ["hidden_names", "shell"]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The shell; the store is the test's own, and what a cell displays is in ``shell.shown``."""
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # IPython warns where another one than ours is active
    config = importlib.import_module("traitlets.config").Config()
    config.HistoryManager.enabled = False
    made = interactive.InteractiveShell(config=config)
    wb.load_ipython_extension(made)
    wb.load_ipython_extension(made)  # twice is once
    made.shown = []
    display = importlib.import_module("IPython.display")

    def show(*objects: Any, **options: Any) -> None:
        made.shown.extend([] if options.get("raw") else objects)  # raw: the lines of a progress bar

    monkeypatch.setattr(display, "display", show)
    yield made
    interactive.InteractiveShell.clear_instance()


def hidden_names(shell: Any) -> list[str]:
    """Names of ours that a cell's rewritten form left among the user's."""
    return [name for name in shell.user_ns if name.startswith("__workbench")]
