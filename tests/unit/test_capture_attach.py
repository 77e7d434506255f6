"""The CPU time of a process that is watched from outside."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from workbench.experiment import attach as attaching
from workbench.experiment.attach import _CoreUse, _watch


class Process:
    """Has used what it is told, or can't be asked."""

    answers: list[float | Exception]

    def __init__(self, pid: int) -> None:
        pass

    def cpu_times(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(user=answer, system=0.5)


class Spy:
    """Watches for three turns."""

    turns = 3

    def wait(self, seconds: float | None) -> bool:
        self.turns -= 1
        return self.turns == 0


@pytest.mark.parametrize(
    ("answers", "measures"),
    [
        ([1.0, 2.0, 4.0], {"cpu": 3.0}),
        ([1.0, 3.0, psutil.NoSuchProcess(7)], {"cpu": 2.0}),
        ([psutil.AccessDenied(7)], {}),
    ],
    ids=["lives on", "ends", "is not ours to look at"],
)
def test_cpu_time_is_what_was_read_last_or_unknown(
    monkeypatch: pytest.MonkeyPatch, answers: list[float | Exception], measures: dict[str, float]
) -> None:
    monkeypatch.setattr(psutil, "Process", type("Told", (Process,), {"answers": answers}))
    monkeypatch.setattr(attaching, "run_delays", lambda pid: {})  # as on macOS
    cpu = _CoreUse(7)
    _watch(Spy(), cpu, None)  # type: ignore[arg-type]
    assert cpu.measures() == measures


def test_waiting_for_a_core_is_summed_up_while_threads_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    first, later = {7: 1.0, 8: 5.0}, [{7: 1.5, 8: 5.25}, {7: 1.5, 9: 0.25}, {}]
    waited = iter([first, *later])
    monkeypatch.setattr(psutil, "Process", type("Told", (Process,), {"answers": [1.0]}))
    monkeypatch.setattr(attaching, "run_delays", lambda pid: next(waited))
    cpu = _CoreUse(7)
    _watch(Spy(), cpu, None)  # type: ignore[arg-type]
    assert cpu.measures() == {"cpu": 0.0, "run_delay": 1.0}
