"""``workbench compare``: two targets measured now, side by side, or two stored runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench.analysis.causes import Cause
from workbench.analysis.comparability import Difference, differences, fatal, unrelated_programs
from workbench.analysis.counts import count_changes, varying
from workbench.analysis.explanation import own_cause
from workbench.analysis.functions import function_changes
from workbench.analysis.issued import issued_more
from workbench.analysis.pairing import paired_trees
from workbench.analysis.pairs import CLOCKS, LOOPS, paired_seconds, seconds
from workbench.analysis.summary import sentence
from workbench.analysis.verdict import Rule, judge
from workbench.analysis.weights import sampled_rounds
from workbench.capture.samplers import SamplerSpec
from workbench.errors import INTERRUPTED, NotComparable, StoreError, UsageError
from workbench.experiment.heap import COLLECTORS
from workbench.experiment.margins import margin_for
from workbench.experiment.mirrored import MAX_SECONDS, SHORTEST_ROUND_S
from workbench.experiment.progress import Progress, silent
from workbench.experiment.saving import kept, not_stored
from workbench.experiment.sitting import Measured, measure_pairs
from workbench.experiment.targets import CallableTarget, RunTarget, parse_pair
from workbench.model import Comparison, FunctionChange, Recording, RoundKind, Run, Scalar, Session, Span, Verdict
from workbench.scenarios.base import Settings
from workbench.statistics import Estimate, unpaired_ratio

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.store import Store

__all__ = [
    "CompareResult",
    "CompareSettings",
    "compare",
    "compare_live",
    "compare_runs",
    "comparison_json",
    "exit_code",
]

_TIMEOUT_S = 600.0
_VARIANT_TIMEOUT_S = 3600.0  # a naive variant at the large scale takes minutes

_FUNCTIONS_KEPT = 200
_EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.IMPROVEMENT: 0,
    Verdict.REGRESSION: 1,
    Verdict.INCONCLUSIVE: 3,
}
_ADVISORY = 3


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """How two targets are measured. ``scenario`` matters to variants only.

    ``warmup`` is a number of rounds of each side, None for as many as it takes until both are steady.
    ``collector`` is one of ``heap.COLLECTORS``, ``clock`` of ``pairs.CLOCKS``. ``isolate`` runs each round of a
    function in a fresh interpreter with fixed string hashes, so that no memory layout lasts for a whole comparison
    (scripts always do). ``shortest_round_s``: bodies that take less are repeated within a round. ``same_results``
    False skips the check that both sides return the same, and the same in each round: for code that is random on
    purpose. ``timeout_s`` is the longest that one round may take (None: an hour for a variant, else ten minutes).
    """

    scenario: Settings = field(default_factory=Settings)
    warmup: int | None = None
    sampled_rounds: int | None = None
    sampler: SamplerSpec = field(default_factory=SamplerSpec)
    order_seed: int = 1
    same_results: bool = True
    timeout_s: float | None = None
    collector: str = "between"
    clock: str = "wall"
    isolate: bool = False
    shortest_round_s: float = SHORTEST_ROUND_S

    def __post_init__(self) -> None:
        if (self.warmup or 0) < 0 or (self.sampled_rounds or 0) < 0:
            raise UsageError("warm-up and sampled rounds can't be fewer than 0")
        if self.collector not in COLLECTORS:
            raise UsageError(f"unknown collector policy {self.collector!r}; known: {', '.join(COLLECTORS)}")
        if self.clock not in CLOCKS:
            raise UsageError(f"unknown clock {self.clock!r}; known: {', '.join(CLOCKS)}")
        if self.timeout_s is not None and not self.timeout_s > 0:
            raise UsageError(f"the time limit of a round must be above 0 s, not {self.timeout_s:g}")

    def limit_s(self, *, variant: bool) -> float:
        """The longest that a round of a variant, or of a user's own code, may take."""
        if self.timeout_s is not None:
            return self.timeout_s
        return _VARIANT_TIMEOUT_S if variant else _TIMEOUT_S


@dataclass(frozen=True, slots=True)
class CompareResult:
    """A live comparison: its verdict, and the session and runs as recorded; ``store_error`` says why not kept."""

    comparison: Comparison
    session: Session
    recordings: tuple[Recording, ...]
    estimate: Estimate
    interrupted: bool = False
    store_error: StoreError | None = None

    @property
    def exit_code(self) -> int:
        """The verdict's; instead of 0 that of a store which didn't take the runs."""
        own = INTERRUPTED if self.interrupted else exit_code(self.comparison)
        return own or (self.store_error.exit_code if self.store_error else 0)


def exit_code(comparison: Comparison) -> int:
    """0 for PASS and IMPROVEMENT, 1 for REGRESSION, 3 for INCONCLUSIVE and whatever is advisory only."""
    return _ADVISORY if comparison.advisory else _EXIT_CODES[comparison.verdict]


def compare(
    base: str | CallableTarget,
    new: str | CallableTarget,
    *,
    store: Store,
    settings: CompareSettings | None = None,
    rule: Rule | None = None,
    max_seconds: float | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> tuple[Comparison, CompareResult | None]:
    """Compare what two texts mean: targets measured now and saved to ``store``, or two stored runs (no result).

    Without ``rule`` or ``max_seconds`` the project's own for ``new`` hold (see ``margins``), else the usual ones.
    """
    a, b = parse_pair(base, new)
    if isinstance(a, RunTarget) or isinstance(b, RunTarget):
        return compare_runs(store, str(a), str(b), force=force, rule=rule), None
    result = compare_live(
        base, new, settings=settings, rule=rule, max_seconds=max_seconds, progress=progress, store=store
    )
    return result.comparison, result


def compare_live(
    base: str | CallableTarget,
    new: str | CallableTarget,
    *,
    settings: CompareSettings | None = None,
    rule: Rule | None = None,
    max_seconds: float | None = None,
    progress: Progress = silent,
    store: Store | None = None,
) -> CompareResult:
    """Measure two targets in mirrored random pairs until the rule gives a verdict or the budget is spent.

    The budget is ``max_seconds`` of timing or the rule's pairs, whichever ends first; then some sampled rounds of
    each tell which functions changed. Ctrl-C keeps the pairs so far: the runs are marked interrupted and the
    verdict is INCONCLUSIVE. A side that fails, or ``ResultsDiffer``, is raised after what was recorded is in
    ``store``. Must be called where no event loop runs (see ``experiment.loops``).
    """
    settings = settings or CompareSettings()
    a, b = parse_pair(base, new)
    if isinstance(a, RunTarget) or isinstance(b, RunTarget):
        raise UsageError(f"{a} and {b} are stored runs: there is nothing to measure")
    margin = margin_for(str(b))
    rule = rule or margin.rule
    max_seconds = margin.max_seconds or MAX_SECONDS if max_seconds is None else max_seconds
    if not max_seconds > 0:
        raise UsageError(f"the time budget must be above 0 s, not {max_seconds:g}")
    if store is not None:
        store.prepare()
    measured = measure_pairs(a, b, settings=settings, rule=rule, max_seconds=max_seconds, progress=progress)
    lost = kept(measured.session, measured.recordings, store)  # before anything is made of it
    if measured.error is not None:
        raise lost or measured.error
    result = _live_result(measured, rule)
    if lost is not None:
        return _unstored(result, not_stored(lost), lost)
    try:
        if store is not None:
            store.save_comparison(result.session.session_id, result.comparison)
    except StoreError as error:
        return _unstored(result, not_stored(error, "verdict"), error)
    return result


def _unstored(result: CompareResult, remark: str, error: StoreError) -> CompareResult:
    """The verdict stands, and says what isn't kept."""
    differences = (remark, *result.comparison.differences)
    return replace(result, comparison=replace(result.comparison, differences=differences), store_error=error)


def _live_result(measured: Measured, rule: Rule) -> CompareResult:
    base, new = measured.recordings
    comparison = _comparison(
        base.run,
        new.run,
        trees=(base.tree, new.tree),
        spans=(base.spans, new.spans),
        verdict=measured.verdict,
        estimate=measured.estimate,
        duration=measured.seconds,
        rule=rule if not measured.interrupted else None,
    )
    comparison = replace(comparison, differences=(*measured.notes, *comparison.differences))
    return CompareResult(comparison, measured.session, measured.recordings, measured.estimate, measured.interrupted)


def compare_runs(
    store: Store, base: str, new: str, *, force: bool = False, rule: Rule | None = None, refuse: bool = True
) -> Comparison:
    """Compare two stored runs: by their pairs if they are of one session, else advisory.

    Without ``rule`` by the one that their session was measured with, else by the project's own; a gate's runs as
    the gate judged them.
    Raises ``NotComparable`` where they differ in what makes them incomparable, unless ``force``; ``RunNotFound``.
    Without ``refuse``, for who shows both runs anyway, such a comparison has no figures but says what differs.
    """
    a, b = (store.run(store.resolve(text)) for text in (base, new))
    session, other = store.session(a.session_id), store.session(b.session_id)
    if rule is None and session.kind == "gate" and a.session_id == b.session_id:
        # Its looks and its processes can't be repeated from the rounds alone.
        judged = store.comparisons(session.session_id)
        given = [each for each in judged if (each.base, each.new) == (a.run_id, b.run_id)]
        if given:
            return given[-1]
    rule = rule or (_rule_of(session) if a.session_id == b.session_id else None)
    rule = rule or margin_for(f"{b.scenario}:{b.variant}" if b.scenario else b.name).rule
    found = differences(a, b, session, other)
    refused = fatal(found)
    if refused and not force:
        if refuse:
            listed = "; ".join(map(str, refused))
            raise NotComparable(f"these runs can't be compared ({listed}); --force compares them all the same")
        return _not_compared(a, b, found)
    trees = (store.tree(a.run_id), store.tree(b.run_id))
    one_session = a.session_id == b.session_id
    verdict, estimate, duration = _stored_pairs(a, b, session, rule) if one_session else _unpaired(a, b, rule)
    comparison = _comparison(
        a,
        b,
        trees=trees,
        spans=(tuple(store.spans(a.run_id)), tuple(store.spans(b.run_id))),
        verdict=verdict,
        estimate=estimate,
        duration=duration,
        rule=rule,
    )
    return replace(
        comparison,
        comparable=not refused,
        advisory=bool(refused) or not one_session,
        differences=(
            *map(str, found),
            *(unrelated_programs(*trees) if not one_session else ()),
            *comparison.differences,
        ),
    )


def _not_compared(base: Run, new: Run, found: list[Difference]) -> Comparison:
    return Comparison(
        base=base.run_id,
        new=new.run_id,
        verdict=Verdict.INCONCLUSIVE,
        ratio=math.nan,
        ci=(math.nan, math.nan),
        pairs=0,
        seconds=_measured_seconds(base) + _measured_seconds(new),
        comparable=False,
        advisory=True,
        differences=tuple(map(str, found)),
        sentence="what differs makes these runs incomparable, so there is no ratio; --force gives one all the same",
    )


def _rule_of(session: Session) -> Rule | None:
    """The rule that a comparison was measured with; None for sessions of another kind or of an older version."""
    said = session.parameters
    if session.kind != "compare" or "ignored_counts" not in said:
        return None
    max_regression, regression, improvement, alpha, pairs = (
        float(str(said[name])) for name in ("max_regression", "regression", "improvement", "alpha", "max_pairs")
    )
    ignored = frozenset(filter(None, str(said["ignored_counts"]).split(",")))
    return Rule(max_regression, regression, improvement, alpha, ignored_counts=ignored).limited(int(pairs))


def _stored_pairs(base: Run, new: Run, session: Session, rule: Rule) -> tuple[Verdict, Estimate, float]:
    kind, _ = seconds(base)
    before, after = paired_seconds(base, new, kind, str(session.parameters.get("clock", CLOCKS[0])))
    # What was stopped by looks is judged by the same looks; other sessions fixed their rounds beforehand.
    verdict, estimate = judge(before, after, rule, replay=session.kind == "compare")
    return verdict, estimate, _measured_seconds(base) + _measured_seconds(new)


def _unpaired(base: Run, new: Run, rule: Rule) -> tuple[Verdict, Estimate, float]:
    (base_kind, before), (new_kind, after) = seconds(base), seconds(new)
    if base_kind is not new_kind:  # a sampler's cost on one side only
        before, after = [], []
    estimate = unpaired_ratio(before, after, 1 - rule.alpha)
    verdict = rule.decide(estimate) or Verdict.INCONCLUSIVE
    return verdict, estimate, _measured_seconds(base) + _measured_seconds(new)


def _measured_seconds(run: Run) -> float:
    kind, _ = seconds(run)
    return sum(run.values("wall", kind))


def _comparison(
    base: Run,
    new: Run,
    *,
    trees: tuple[CallTree | None, CallTree | None],
    spans: tuple[Sequence[Span], Sequence[Span]],
    verdict: Verdict,
    estimate: Estimate,
    duration: float,
    rule: Rule | None,
) -> Comparison:
    """By the clock's verdict and, with a ``rule``, by the counts."""
    counts = count_changes(base, new)
    rose = rule.risen(counts) if rule is not None else []
    names = rule.risen_names(counts) if rule is not None else ()
    issued = issued_more(base, spans[0], new, spans[1], names, trees[1])
    overruled = rule is not None and rule.with_counts(verdict, estimate, counts) is not verdict
    functions: tuple[FunctionChange, ...] = ()
    own: Cause | None = None
    before, after = paired_trees(base, new, *trees)
    if before is not None and after is not None:
        changes = function_changes(
            before,
            after,
            base_executions=_sampled(base),
            new_executions=_sampled(new),
            base_rounds=sampled_rounds(base),
            new_rounds=sampled_rounds(new),
        )
        functions = tuple(changes)
        together = base.session_id == new.session_id
        own = own_cause(base, new, before, after, estimate.low, estimate.high, one_sitting=together)
    return Comparison(
        base=base.run_id,
        new=new.run_id,
        verdict=Verdict.REGRESSION if overruled else verdict,
        ratio=estimate.ratio,
        ci=(estimate.low, estimate.high),
        pairs=estimate.pairs,
        seconds=duration,
        differences=(
            *(_risen_line(line, overruled) for line in rose),
            *issued,
            *([] if estimate.pairs else ["no round was completed by both sides: there is nothing to time"]),
            *varying(counts),
        ),
        functions=functions[:_FUNCTIONS_KEPT],
        counts={change.name: (change.base, change.new) for change in counts},
        sentence=sentence(estimate, duration, functions, counts, own=own, verdict=verdict, counts_first=overruled),
    )


def _risen_line(line: str, overruled: bool) -> str:
    return f"{line}{': a regression by itself, whatever the clock says' if overruled else ''}"


def _sampled(run: Run) -> float:
    """How often the body ran in the rounds that the call tree covers (once for an imported profile)."""
    return sum(r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is RoundKind.SAMPLED) or 1.0


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The document of ``workbench compare --json``; what has no value is null, never NaN."""
    return {
        "base": comparison.base,
        "new": comparison.new,
        "verdict": str(comparison.verdict),
        "ratio": _number(comparison.ratio),
        "ci": [_number(end) for end in comparison.ci],
        "pairs": comparison.pairs,
        "seconds": _number(comparison.seconds),
        "comparable": comparison.comparable,
        "advisory": comparison.advisory,
        "differences": list(comparison.differences),
        "functions": [
            {
                "function": change.frame.function,
                "file": change.frame.file,
                "line": change.frame.line,
                "base_seconds": _number(change.base_seconds),
                "new_seconds": _number(change.new_seconds),
                "base_share": _number(change.base_share),
                "new_share": _number(change.new_share),
                "ci": [_number(change.low), _number(change.high)],
                "q": _number(change.q),
                "change": change.change,
                "callers": [
                    {
                        "function": caller.caller.function if caller.caller else "",
                        "file": caller.caller.file if caller.caller else "",
                        "base_seconds": _number(caller.base_seconds),
                        "new_seconds": _number(caller.new_seconds),
                    }
                    for caller in change.callers
                ],
            }
            for change in comparison.functions
        ],
        "counts": [
            {"name": name, "base": _number(base), "new": _number(new), "changed": base != new}
            for name, (base, new) in comparison.counts.items()
        ],
        "sentence": comparison.sentence,
    }


def _number(value: float) -> Scalar:
    return value if math.isfinite(value) else None
