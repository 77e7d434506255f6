"""What tests of measuring a user's file share: that file, and a store beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.store import Store


@pytest.fixture
def work(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file ``work.py`` with the functions to measure: the text ``WORK`` of the test's module."""
    path = tmp_path / "work.py"
    path.write_text(request.module.WORK)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store, made at the first recording."""
    return Store(tmp_path / "store.duckdb")
