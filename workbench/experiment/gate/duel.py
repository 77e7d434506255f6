"""One target measured on both sides: warm-up, mirrored pairs until a verdict, sampled rounds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workbench.analysis.verdict import Rule, Sequential
from workbench.capture.power import conditions
from workbench.errors import CaptureError, ResultsDiffer, ScenarioError, ServiceError, UsageError
from workbench.experiment.calibration import common_loops
from workbench.experiment.explain import planned_rounds, sampling_sweeps, shows
from workbench.experiment.gate.model import GateOutcome, GateSettings, GateTarget
from workbench.experiment.gate.side import Place, Side, SideFailed
from workbench.experiment.margins import Margin
from workbench.experiment.mirrored import (
    MAX_SECONDS,
    SAMPLED_ROUND_S,
    SETTLE_EVERY,
    SHORTEST_ROUND_S,
    PairedTiming,
    by_clock,
    warm_up,
)
from workbench.experiment.progress import Progress
from workbench.experiment.results import EXIT_STATUS, require_equal
from workbench.model import Recording, RoundKind, Scalar, Status, Verdict
from workbench.statistics import Estimate

__all__ = ["Duel", "Stopped", "generation_pairs", "stopped"]

_FIRST_GENERATIONS = 5
_FIRST_PAIRS = 3
"""Pairs before both sides go on in fresh processes: the first verdict, after 15, rests on five of each side."""
_LATER_PAIRS = 10
_GENERATIONS = 12
"""No later processes take more than this part of all pairs (a twelfth), or a bad one would decide."""
_RENEWED_WARMUPS = 3
_SLOW_OPENING_S = 3.0  # such as an import of a large library: then once has to do
_UNTIMED_ROUNDS = 2


def generation_pairs(generation: int, pairs: int) -> int:
    """How many pairs the processes of a generation (0: the first) take where there are ``pairs`` in all by now."""
    return _FIRST_PAIRS if generation < _FIRST_GENERATIONS else max(_LATER_PAIRS, pairs // _GENERATIONS)


class Stopped(Exception):
    """The duel ends without a verdict, for a reason a person can read."""

    def __init__(self, outcome: GateOutcome, reason: str, exit_code: int = 0) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.exit_code = exit_code


@dataclass(slots=True)
class Duel:
    """The state of one target's measuring. ``own`` are the project's own top-level modules."""

    target: GateTarget
    places: tuple[Place, Place]
    settings: GateSettings
    margin: Margin
    own: tuple[str, ...] = ()
    position: int = 0
    notes: list[str] = field(default_factory=list)
    at_start: dict[str, Scalar] = field(default_factory=conditions)
    scratch: Path = Path()
    loops: list[int | None] = field(default_factory=list)
    generation_pairs: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    timing: PairedTiming[Side] = field(init=False)

    def __post_init__(self) -> None:
        self.timing = PairedTiming((), Sequential(self.rule), self.settings.clock, renewing=True)
        if self.settings.timing:
            self.notes += by_clock(self.settings.clock)

    @property
    def sides(self) -> tuple[Side, ...]:
        """None before they are opened."""
        return self.timing.sides

    @property
    def verdict(self) -> Verdict | None:
        return self.timing.verdict

    @property
    def elapsed(self) -> float:
        return self.timing.elapsed

    @property
    def rule(self) -> Rule:
        return self.margin.rule

    @property
    def max_seconds(self) -> float:
        return self.margin.max_seconds or MAX_SECONDS

    @property
    def estimate(self) -> Estimate:
        return self.timing.estimate

    @property
    def parameters(self) -> dict[str, Scalar]:
        return dict(self.sides[-1].parameters) if self.sides else {}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Both workers, which are gone afterwards."""
        started: list[Side] = []
        try:
            with self._spending("opening"):
                for place in self.places:
                    try:
                        started.append(Side.start(place, self.settings))
                    except ServiceError as error:
                        raise stopped(place, str(error)) from error
            self.timing.sides = tuple(started)
            yield
        finally:
            for side in started:
                side.stop()

    def run(self, progress: Progress) -> None:
        """Measure. Raises ``Stopped``, and ``UsageError`` where the new code has no such target."""
        try:
            with self._spending("opening"):
                self._open()
            with self._spending("warming up"):
                self._warm_up(progress)
            with self._spending("timing"):
                if self.settings.timing:
                    self._time(progress)
                else:
                    self._count()
            if self.settings.sampler.name != "none" and self.settings.timing:
                with self._spending("sampling"):
                    self._sample(progress)
        except SideFailed as failed:
            failed.side.status, failed.side.error = Status.FAILED, failed.line
            raise stopped(failed.side.place, failed.line, failed.exit_code) from failed

    @contextmanager
    def _spending(self, part: str, instead: str = "") -> Iterator[None]:
        """Book the time under ``part``, ``instead`` of the part that is under way around it."""
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            self.spent[part] = self.spent.get(part, 0.0) + seconds
            if instead:
                self.spent[instead] = self.spent.get(instead, 0.0) - seconds

    def _open(self) -> None:
        base, new = self.sides
        pool = ThreadPoolExecutor(1)
        # A test is only collected here, in a second or two; scenarios start services, one side after the other.
        beside = pool.submit(base.open, self.target) if self.target.opener else None
        try:
            self._open_new(new)
        except BaseException:
            if beside is not None and not beside.done():
                base.process.stop()  # nobody waits for its answer
            raise
        finally:
            pool.shutdown(wait=False)
        try:
            if beside is None:
                base.open(self.target)
            else:
                beside.result()
        except SideFailed as failed:
            if failed.missing:
                if not self.target.opener:  # a test is run by pytest itself
                    new.attempt()
                missing = failed.line.partition("; ")[0]  # what else it has is no matter
                raise Stopped(GateOutcome.ADDED, f"the baseline has no such target ({missing})") from failed
            raise
        differing = [
            f"{name.replace('_', ' ')} {base.parameters[name]} against {new.parameters[name]}"
            for name in sorted(base.parameters.keys() & new.parameters.keys())
            if base.parameters[name] != new.parameters[name]
        ]
        if differing:
            text = ", ".join(differing[:3])
            raise Stopped(GateOutcome.REFUSED, f"the two sides would do different work: {text}", 4)

    def _open_new(self, new: Side) -> None:
        try:
            new.open(self.target)
        except SideFailed as failed:
            if failed.missing:
                raise UsageError(failed.line) from failed
            raise

    def _warm_up(self, progress: Progress) -> None:
        progress(f"warm-up of {self.target.text}", 0, self.rule.budget)
        self._calibrate(SHORTEST_ROUND_S)
        self._pair((self.sides[1], self.sides[0]), RoundKind.WARMUP)
        self._require_own_code()
        if self.settings.timing:
            remark = warm_up(
                self.sides,
                lambda order, before: self._pair(order, RoundKind.WARMUP),
                asked=self.settings.warmup,
                max_seconds=self.max_seconds,
                seed=self.settings.order_seed,
                done=1,
            )
            self.notes += filter(None, [remark])
        for side in self.sides:
            side.settle()

    def _calibrate(self, seconds: float) -> None:
        base, new = self.sides
        loops = {id(side): side.calibrate(seconds) for side in (new, base)}
        numbers = [n for n in loops.values() if n is not None]
        self.loops = [loops[id(side)] for side in self.sides]
        shared = common_loops(numbers) if len(numbers) == len(self.sides) else None
        if shared is not None:
            self.loops = [shared] * len(self.sides)
            for side in self.sides:
                side.set_loops(shared)

    def _require_own_code(self) -> None:
        """Code of the other side would make a comparison of something with itself, which always passes."""
        for side, other in zip(self.sides, reversed(self.sides), strict=True):
            strays = side.strays(other.place.checkout, self.own)
            if strays:
                raise Stopped(
                    GateOutcome.INCONCLUSIVE,
                    f"the {_SIDES[side.place.name]} imported {', '.join(strays)} from elsewhere than its checkout; "
                    "keep the package at the root or in src/, or install it editable",
                )

    def _time(self, progress: Progress) -> None:
        def pair(order: tuple[Side, ...], before: int) -> None:
            budget = self.rule.budget
            progress(f"{self.target.text}, pair {before + 1} of at most {budget}", before, budget)
            self._pair(order, RoundKind.TIMING)
            self.generation_pairs += 1

        def between(pairs: int) -> None:
            if self.generation_pairs >= generation_pairs(self.timing.process, pairs) and self._may_renew():
                self._renew()
            elif pairs % SETTLE_EVERY == 0:
                for side in self.sides:
                    side.settle()

        try:
            self.timing.run(pair, max_seconds=self.max_seconds, seed=self.settings.order_seed, between=between)
        except CaptureError as untimed:
            raise Stopped(GateOutcome.INCONCLUSIVE, str(untimed)) from untimed

    def _may_renew(self) -> bool:
        """Whether both sides can begin anew: not scripts, which do so each round, nor what takes long to set up."""
        return not any(side.script or side.parameters or side.opening_s > _SLOW_OPENING_S for side in self.sides)

    def _renew(self) -> None:
        with self._spending("opening", instead="timing"), ThreadPoolExecutor(len(self.sides)) as pool:
            sides = zip(self.sides, self.loops, strict=True)
            for renewing in [pool.submit(side.renew, self.target, n, self.scratch) for side, n in sides]:
                renewing.result()
        for _ in range(_RENEWED_WARMUPS):
            self._pair(self.sides, RoundKind.WARMUP)
        for side in self.sides:
            side.settle()
        self.timing.process += 1
        self.generation_pairs = 0

    def _count(self) -> None:
        for _ in range(_UNTIMED_ROUNDS):
            self._pair(self.sides, RoundKind.TIMING)
        self.timing.verdict = Verdict.PASS

    def _sample(self, progress: Progress) -> None:
        """Sampled rounds of both; where the sampler can't work, the verdict stands without functions."""
        asked = self.settings.sampled_rounds
        orders = sampling_sweeps(
            self.sides,
            asked=asked,
            verdict=self.verdict,
            timing_s=self.elapsed,
            seed=self.settings.order_seed,
            shown=lambda: shows(self.verdict, *(side.sampled for side in self.sides)),
        )
        try:
            if asked != 0:
                self._calibrate(SAMPLED_ROUND_S)
            planned = planned_rounds(asked, self.verdict)
            for done, order in enumerate(orders):
                progress(f"{self.target.text}, sampling", done, max(done + 1, planned))
                for side in order:
                    side.sample(self.position)
                    self.position += 1
        except SideFailed as failed:
            if not failed.sampler:
                raise
            self.notes.append(f"functions not sampled: {failed.line}")

    def _pair(self, order: tuple[Side, ...], kind: RoundKind) -> None:
        """A round of each; the second begins on the core that the first's began on (see ``cores``)."""
        core = None
        for side in order:
            try:
                core = side.round(kind, self.position, core)
            finally:
                self.position += 1
        self._require_equal()

    def _require_equal(self) -> None:
        base, new = self.sides
        if not self.settings.same_results or base.outcome is None or new.outcome is None:
            return
        if base.outcome.measures.get(EXIT_STATUS) and not new.outcome.measures.get(EXIT_STATUS):
            raise SideFailed(base, {"failed": base.outcome.failures[0].error})
        try:
            unknown = require_equal(("the baseline", base.outcome), ("the new code", new.outcome))
        except ScenarioError as error:
            self._require_repeatable()
            raise SideFailed(new, {"failed": str(error), "exit_code": error.exit_code}) from error
        if unknown and unknown not in self.notes:
            self.notes.append(unknown)
        for side in reversed(self.sides):
            self._require_same_data(side)

    def _require_repeatable(self) -> None:
        """Where results differ: a side that doesn't even agree with itself has another problem."""
        for side in reversed(self.sides):
            side.round(RoundKind.WARMUP, self.position)
            self.position += 1
            self._require_same_data(side)

    def _require_same_data(self, side: Side) -> None:
        """A side that returns another result than before has changed what it works on: its times say nothing."""
        if side.first.differs:
            raise SideFailed(side, {"failed": side.first.differs, "exit_code": ResultsDiffer.exit_code})

    def interrupt(self) -> None:
        """After Ctrl-C: end the body that runs; the rounds so far are kept."""
        for side in self.sides:
            side.status = side.status or Status.INTERRUPTED
            side.interrupt()

    def recordings(self, folder: Path, identities: tuple[dict[str, object], dict[str, object]]) -> list[Recording]:
        """What both sides recorded; nothing of a side that can't tell any more."""
        if self.sides:
            self.timing.estimate_so_far()
        found = [side.recording(folder, who) for side, who in zip(self.sides, identities, strict=False)]
        return [recording for recording in found if recording is not None and recording.run.rounds]


_SIDES = {"base": "baseline", "new": "new code"}


def stopped(place: Place, line: str, exit_code: int = ScenarioError.exit_code) -> Stopped:
    """What a side's failure means: the new code's fails the gate, the baseline's leaves nothing to compare with."""
    if place.name == "new":
        return Stopped(GateOutcome.FAILED, line, exit_code)
    return Stopped(GateOutcome.INCONCLUSIVE, f"the baseline can't be measured: {line}")
