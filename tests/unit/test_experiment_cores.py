"""The core that a round begins on, and that nothing stays bound to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from workbench.experiment import cores
from workbench.experiment.cores import begin_on, current_core
from workbench.experiment.gate import GateSettings, GateTarget
from workbench.experiment.gate.duel import Duel
from workbench.experiment.gate.side import Place
from workbench.experiment.margins import Margin
from workbench.model import RoundKind

linux = pytest.mark.skipif(sys.platform != "linux", reason="threads are moved on Linux only")


@linux
def test_a_thread_is_moved_and_as_free_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        pytest.skip("there is one core to run on")
    bound = os.sched_setaffinity
    seen: list[tuple[set[int], int | None]] = []

    def watched(pid: int, mask: Set[int]) -> None:
        bound(pid, mask)
        seen.append((set(mask), current_core()))

    monkeypatch.setattr(os, "sched_setaffinity", watched)
    for core in sorted(allowed):
        seen.clear()
        begin_on(core)
        assert seen[0] == ({core}, core)
        assert [mask for mask, _ in seen] == [{core}, allowed]
        assert os.sched_getaffinity(0) == allowed


@linux
@pytest.mark.parametrize("allowed", [{0}, {0, 1}], ids=["one core", "another core than those allowed"])
def test_a_mask_that_leaves_no_choice_is_left_alone(allowed: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[Set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: allowed)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, mask: bound.append(mask))

    begin_on(0 if len(allowed) == 1 else 2)

    assert bound == []


@linux
@pytest.mark.parametrize("refused", ["sched_getaffinity", "sched_setaffinity"])
def test_a_sandbox_that_refuses_costs_nothing(refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(*arguments: Any) -> None:
        asked.append(refused)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    monkeypatch.setattr(os, refused, refuse)

    begin_on(0)

    assert asked, "the refusal was met, and no error came of it"


def test_a_system_that_tells_no_core_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (None, "", "1 (a) b) R 0"):
        monkeypatch.setattr(cores, "_STAT", tmp_path / "stat")
        if text is not None:
            (tmp_path / "stat").write_text(text, encoding="utf-8")
        assert current_core() is None


class _Side:
    """One side that says where its rounds begin, whatever it is told."""

    outcome = None

    def __init__(self, core: int | None) -> None:
        self.core = core
        self.told: list[int | None] = []

    def round(self, kind: RoundKind, position: int, core: int | None) -> int | None:
        self.told.append(core)
        return self.core


@pytest.mark.parametrize("core", [3, None], ids=["known", "unknown"])
def test_the_second_of_a_pair_begins_where_the_first_did(core: int | None) -> None:
    place = Place("base", Path(), Path(), ())
    duel = Duel(GateTarget("work.py:work"), (place, place), GateSettings(), Margin())
    base, new = duel.timing.sides = (_Side(core), _Side(7))  # type: ignore[assignment]

    duel._pair((base, new), RoundKind.TIMING)  # type: ignore[arg-type]
    duel._pair((new, base), RoundKind.TIMING)  # type: ignore[arg-type]

    assert (base.told, new.told) == ([None, 7], [core, None])
