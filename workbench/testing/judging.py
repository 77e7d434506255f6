"""Tests judged against a baseline revision: measured on both sides by the gate, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.analysis.explanation import told_functions, unexplained
from workbench.analysis.points import clock_points
from workbench.analysis.summary import duration_text
from workbench.experiment.gate import GateOutcome, GateSettings, GateTarget, TargetResult, judging
from workbench.experiment.margins import margin_for
from workbench.store import Store

if TYPE_CHECKING:
    import pytest

    from workbench.testing.asked import Asked

__all__ = ["Judge", "Judged", "time_line"]

_MAX_SECONDS = 20.0
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
        """``REGRESSION against main (1a2b3c4d5e6f): 12 % slower (99 % 9 to 15 %), …; mostly `f` (+8 points)``."""
        said = "; ".join(filter(None, (self.result.sentence, self.result.unsaved)))
        return f"{self.result.outcome} against {self.baseline}: {said}"

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
        shown = told_functions(comparison) if comparison else ()
        told = [c for c in shown if c.change in ("grew", "shrank")][:3]
        lines = [self.line, *self.result.notes]
        points = clock_points(comparison).of if comparison else float
        for c in told:
            by = f"{points(c.new_seconds - c.base_seconds):+.1f} points"
            bounds = f"95 % {points(c.low):+.1f} to {points(c.high):+.1f}"
            lines.append(f"  {c.frame.function} ({c.frame.file}) {c.change} by itself: {by} ({bounds})")
        lines += [f"  {why}"] if comparison and (why := unexplained(comparison)) else []
        return "\n".join([*lines, *([f"flame graph: {self.command}"] if self.command else [])])


class Judge:
    """Judges tests against a revision; the baseline is checked out once, for all that it is asked, until ``close``.

    Raises ``UsageError`` for an unknown revision or where there is no repository.
    """

    def __init__(
        self,
        revision: str,
        *,
        folder: Path,
        max_regression: float | None,
        max_seconds: float | None,
        timing: bool,
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._max_seconds = folder, max_seconds
        self._undo = ExitStack()
        self._judge = self._undo.enter_context(
            judging(
                revision,
                folder=folder,
                # Each side's own tests say what is right there, also where the new code returns something else.
                settings=GateSettings(max_regression=max_regression, timing=timing, same_results=False),
                store=Store(),
                progress=lambda doing, done, total: say(doing),
            )
        )

    def __call__(self, items: Sequence[tuple[pytest.Item, Asked]]) -> dict[str, Judged]:
        """What the gate says of each test, by its node id."""
        targets = [_target(item, asked, self._max_seconds, self._folder) for item, asked in items]
        result = self._judge(targets)
        if result.outcome is GateOutcome.INTERRUPTED:
            raise KeyboardInterrupt
        return {each.target: Judged(each, str(result.baseline)) for each in result.targets}

    def close(self) -> None:
        """Remove the checkout."""
        self._undo.close()


def time_line(judged: Collection[Judged]) -> str:
    """``judged 4 tests in 47 s: 24 s opening, 3 s warming up, 14 s timing, 6 s sampling``."""
    spent: dict[str, float] = {}
    for each in judged:
        for part, seconds in each.result.spent.items():
            spent[part] = spent.get(part, 0.0) + seconds
    parts = ", ".join(f"{duration_text(seconds)} {part}" for part, seconds in spent.items())
    whole = duration_text(sum(each.result.seconds for each in judged))
    tests = f"{len(judged)} test{'' if len(judged) == 1 else 's'}"
    return f"judged {tests} in {whole}" + (f": {parts}" if parts else "")


def _target(item: pytest.Item, asked: Asked, max_seconds: float | None, folder: Path) -> GateTarget:
    """The test for the gate; its own mark goes before the command line, and that before the project's tables."""
    path = item.path
    file = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""
    return GateTarget(
        item.nodeid,
        max_regression=asked.max_regression,
        max_seconds=asked.max_seconds
        or max_seconds
        or margin_for(f"{folder / item.nodeid}", start=folder).max_seconds
        or _MAX_SECONDS,
        opener=_OPENER,
        file=file,
    )
