"""What the gate takes and what it says: plain values, for whoever asks and whoever reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from workbench.analysis.pairs import CLOCKS
from workbench.analysis.summary import count_text
from workbench.analysis.verdict import Rule
from workbench.capture.samplers import SamplerSpec
from workbench.errors import INTERRUPTED, UsageError
from workbench.model import Comparison, Verdict
from workbench.scenarios.base import Settings

__all__ = ["GateOutcome", "GateResult", "GateSettings", "GateTarget", "Revision", "TargetResult"]

_REFUSED = 4


class GateOutcome(StrEnum):
    """How one target ended. The first four are verdicts; each of the others has a reason in words.

    ADDED: the baseline lacks the target, so there is nothing to compare with, and nothing failed. FAILED: the new
    code raised, hung or returned another result. REFUSED: the two sides would have done different work.
    """

    REGRESSION = "REGRESSION"
    PASS = "PASS"
    IMPROVEMENT = "IMPROVEMENT"
    INCONCLUSIVE = "INCONCLUSIVE"
    ADDED = "ADDED"
    FAILED = "FAILED"
    REFUSED = "REFUSED"
    INTERRUPTED = "INTERRUPTED"

    @classmethod
    def of(cls, verdict: Verdict) -> GateOutcome:
        return cls(verdict.value)


@dataclass(frozen=True, slots=True)
class GateTarget:
    """Something to measure on both sides: ``SCENARIO:VARIANT``, ``FILE.py``, ``FILE.py:FUNCTION``.

    ``max_regression`` (a fraction) and ``max_seconds`` replace those of the settings for this target. ``opener``,
    as in ``"package.module:function"`` of the workbench, is for other kinds of targets: called with ``text`` in a
    side's process (in its checkout's folder, its import roots first on ``sys.path``), it returns a workload:
    ``setup``, ``run``, ``finish`` as ``scenarios.base.Workload``, and ``calibrate(seconds)`` and ``close()`` as
    ``FunctionWorkload``. It raises ``UsageError`` where the side has no such target. ``file`` is the file whose
    absence in the baseline tells that the target was added ("" if none does); relative to the gate's folder.
    """

    text: str
    max_regression: float | None = None
    max_seconds: float | None = None
    opener: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How targets are measured and judged.

    ``max_regression`` (a fraction) and ``max_seconds`` (the budget of timing a target) are the project's own where
    they are None (``experiment.margins``; without any, 60 s); ``rule`` is in place of the project's whole rule.
    ``timeout_s`` is the longest that a single step of a side may take.
    ``timing`` False compares counts and results only (after two rounds of each side), for where no clock can be
    trusted. A risen count is a regression by itself, but for those in ``ignore_counts`` and the rule's own.
    ``clock``, one of ``pairs.CLOCKS``, is what the verdict goes by; both are kept.
    ``warmup`` is a number of rounds of each side, None for as many as it takes until both are steady. ``setup`` is
    a command run once in the baseline's checkout (building what isn't in git); ``wheels`` are folders of
    distributions from which the baseline's environment may be built besides the package cache.
    """

    scenario: Settings = field(default_factory=Settings)
    rule: Rule | None = None
    max_regression: float | None = None
    max_seconds: float | None = None
    timeout_s: float = 300.0
    timing: bool = True
    clock: str = CLOCKS[0]
    warmup: int | None = None
    sampled_rounds: int | None = None
    sampler: SamplerSpec = field(default_factory=SamplerSpec)
    order_seed: int = 1
    same_results: bool = True
    ignore_counts: frozenset[str] = frozenset()
    setup: str = ""
    wheels: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not (self.max_seconds is None or self.max_seconds > 0) or not self.timeout_s > 0:
            raise UsageError("the time budget and the timeout must be above 0 s")
        if self.clock not in CLOCKS:
            raise UsageError(f"unknown clock {self.clock!r}; known: {', '.join(CLOCKS)}")
        if (self.warmup or 0) < 0 or (self.sampled_rounds or 0) < 0:
            raise UsageError("warm-up and sampled rounds can't be fewer than 0")


@dataclass(frozen=True, slots=True)
class Revision:
    """A state of the code: ``name`` as it was asked for, the full ``commit``, and its first line."""

    name: str
    commit: str
    subject: str = ""
    dirty: bool = False

    def __str__(self) -> str:
        changed = " with uncommitted changes" if self.dirty else ""
        named = f"{self.name} (" if self.name and not self.commit.startswith(self.name) else ""
        return f"{named}{self.commit[:12]}{')' if named else ''}{changed}"


@dataclass(frozen=True, slots=True)
class TargetResult:
    """One target's outcome. ``comparison`` stands wherever both sides were measured; its runs are in the store.

    ``counts`` are the lines about counts that rose; ``exit_code`` is that of an error where there was one, also of
    the store's that took no runs: ``unsaved`` says why, and ``session_id`` is "".
    ``spent`` says where the time went, in seconds: ``opening`` (in new processes), ``warming up``, ``timing``,
    ``sampling``.
    """

    target: str
    outcome: GateOutcome
    reason: str = ""
    comparison: Comparison | None = None
    session_id: str = ""
    seconds: float = 0.0
    counts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    exit_code: int = 0
    spent: Mapping[str, float] = field(default_factory=dict)
    unsaved: str = ""

    @property
    def sentence(self) -> str:
        """What a person needs: the reason where there is one, then what was measured."""
        timed = self.comparison is not None and (self.comparison.pairs or not self.reason)
        measured = self.comparison.sentence if self.comparison is not None and timed else ""
        return "; ".join(filter(None, (self.reason, *self._unsaid(measured.split("; ")))))

    def _unsaid(self, parts: Iterable[str]) -> Iterator[str]:
        """Those parts of the sentence that the lines about counts that rose don't say already."""
        counts = self.comparison.counts.items() if self.comparison is not None and self.reason else ()
        rose = {line.partition(" rose from ")[0] for line in self.counts}
        said = {count_text(name, *pair) for name, pair in counts if name.replace("_", " ") in rose}
        yield from (part for part in parts if part not in said)


_ORDER = (
    GateOutcome.INTERRUPTED,
    GateOutcome.REGRESSION,
    GateOutcome.FAILED,
    GateOutcome.REFUSED,
    GateOutcome.INCONCLUSIVE,
)
_CODES: Mapping[GateOutcome, int] = {
    GateOutcome.INTERRUPTED: INTERRUPTED,
    GateOutcome.REGRESSION: 1,
    GateOutcome.REFUSED: _REFUSED,
    GateOutcome.INCONCLUSIVE: 3,
}


@dataclass(frozen=True, slots=True)
class GateResult:
    """All targets of one gate. ``environment`` says in a line where the baseline ran; "" if it didn't."""

    baseline: Revision
    new: Revision
    environment: str
    targets: tuple[TargetResult, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def ran_in(self) -> str:
        """Where the baseline ran, as a sentence."""
        return f"the baseline ran in {self.environment}" if self.environment else "the baseline was not run"

    @property
    def outcome(self) -> GateOutcome:
        """The worst of the targets': REGRESSION before FAILED, REFUSED, INCONCLUSIVE; else IMPROVEMENT or PASS.

        ADDED where all are new: nothing was judged.
        """
        found = {result.outcome for result in self.targets}
        worst = next((outcome for outcome in _ORDER if outcome in found), None)
        if worst is not None:
            return worst
        return found.pop() if len(found) == 1 else GateOutcome.PASS

    @property
    def headline(self) -> tuple[str, str]:
        """The verdict and what it is of: ``REGRESSION``, ``1 of 2 targets``.

        ``nothing to judge``, ``1 target is new`` where the baseline has none of them.
        """
        every = len(self.targets)
        number = f"{every} target{'' if every == 1 else 's'}"
        if self.outcome is GateOutcome.ADDED:
            return "nothing to judge", f"{number} {'is' if every == 1 else 'are'} new"
        said = sum(target.outcome is self.outcome for target in self.targets)
        return str(self.outcome), f"{said} of {number}" if 0 < said < every else number

    @property
    def exit_code(self) -> int:
        """0 PASS or IMPROVEMENT (also where all targets are new), 1 REGRESSION, 3 INCONCLUSIVE, 4 refused.

        Where the new code failed, the code of that error (70 a failure, 71 different results); 130 after Ctrl-C.
        In place of 0 the store's code, where a target's runs could not be kept.
        """
        outcome = self.outcome
        if outcome is GateOutcome.FAILED:
            return next(r.exit_code for r in self.targets if r.outcome is GateOutcome.FAILED)
        return _CODES.get(outcome, 0) or max((r.exit_code for r in self.targets), default=0)
