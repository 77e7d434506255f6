"""Tests judged against a baseline revision: measured on both sides by the gate, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.analysis.points import clock_points
from workbench.analysis.verdict import Rule
from workbench.experiment.gate import GateOutcome, GateSettings, GateTarget, TargetResult, judge_against
from workbench.store import Store

if TYPE_CHECKING:
    import pytest

    from workbench.testing.asked import Asked

__all__ = ["Judged", "judge_items"]

_OPENER = "workbench.testing.repeat:open_item"
_BAD = (GateOutcome.REGRESSION, GateOutcome.FAILED)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says of one test. ``baseline`` names the revision it was held against."""

    result: TargetResult
    baseline: str

    @property
    def failed(self) -> bool:
        """Whether the test fails by it; INCONCLUSIVE does not."""
        return self.result.outcome in _BAD

    @property
    def line(self) -> str:
        """``REGRESSION against main (1a2b3c4d5e6f): 12 % slower (95 % 9 to 15 %), …; mostly `f` (+8 points)``."""
        return f"{self.result.outcome} against {self.baseline}: {self.result.sentence}"

    @property
    def command(self) -> str:
        """What shows the flame graphs of both sides; "" where nothing was recorded."""
        if not self.result.session_id:
            return ""
        return f"workbench report {self.result.session_id} -o report.html"

    @property
    def message(self) -> str:
        """All that a failing test says."""
        comparison = self.result.comparison
        told = [c for c in comparison.functions if c.change in ("grew", "shrank")][:3] if comparison else []
        lines = [self.line, *self.result.notes]
        points = clock_points(comparison).of if comparison else float
        for c in told:
            by = f"{points(c.new_seconds - c.base_seconds):+.1f} points"
            bounds = f"95 % {points(c.low):+.1f} to {points(c.high):+.1f}"
            lines.append(f"  {c.frame.function} ({c.frame.file}) {c.change}: {by} ({bounds})")
        return "\n".join([*lines, *([f"flame graph: {self.command}"] if self.command else [])])


def judge_items(
    items: Sequence[tuple[pytest.Item, Asked]],
    revision: str,
    *,
    folder: Path,
    max_regression: float,
    max_seconds: float,
    timing: bool,
    say: Callable[[str], None],
) -> dict[str, Judged]:
    """What the gate says of each test, by its node id.

    Raises ``UsageError`` for an unknown revision or where there is no repository.
    """
    judged: dict[str, Judged] = {}
    groups: dict[float, list[tuple[pytest.Item, Asked]]] = {}
    for item, asked in items:
        groups.setdefault(asked.max_seconds or max_seconds, []).append((item, asked))
    for seconds, members in groups.items():
        targets = [_target(item, asked, max_regression, folder) for item, asked in members]
        result = judge_against(
            revision,
            targets,
            folder=folder,
            # Each side's own tests say what is right there, also where the new code is to return something else.
            settings=GateSettings(max_seconds=seconds, timing=timing, same_results=False),
            store=Store(),
            progress=lambda doing, done, total: say(doing),
        )
        if result.outcome is GateOutcome.INTERRUPTED:
            raise KeyboardInterrupt
        judged |= {each.target: Judged(each, str(result.baseline)) for each in result.targets}
    return judged


def _target(item: pytest.Item, asked: Asked, max_regression: float, folder: Path) -> GateTarget:
    rule = Rule.of(asked.max_regression or max_regression)
    path = item.path
    file = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""
    return GateTarget(item.nodeid, rule=rule, opener=_OPENER, file=file)
