"""``judge_against``: every target measured on both sides and judged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.capture.environment import environment
from workbench.errors import StoreError, UsageError
from workbench.experiment.gate.added import attempt
from workbench.experiment.gate.duel import Duel, Stopped
from workbench.experiment.gate.environments import NoEnvironment, find_environment, run_setup
from workbench.experiment.gate.findings import compared
from workbench.experiment.gate.model import (
    GateOutcome,
    GateResult,
    GateSettings,
    GateTarget,
    Revision,
    TargetResult,
)
from workbench.experiment.gate.places import new_place, own_modules, places_of
from workbench.experiment.gate.repository import Repository
from workbench.experiment.gate.side import Place
from workbench.experiment.gate.worktree import checked_out
from workbench.experiment.margins import Margin, margin_for
from workbench.experiment.progress import Progress, silent
from workbench.experiment.saving import kept, not_stored
from workbench.experiment.targets import (
    CallableTarget,
    FunctionTarget,
    RunTarget,
    ScenarioTarget,
    ScriptTarget,
    parse_target,
)
from workbench.experiment.terminable import terminable
from workbench.model import Recording, Scalar, Session, utc_now
from workbench.paths import normalise
from workbench.store.ids import new_id

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["judge_against", "judging"]


def judge_against(
    revision: str,
    targets: Sequence[str | GateTarget],
    *,
    folder: Path | None = None,
    settings: GateSettings | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> GateResult:
    """Judge the work tree around ``folder`` (default: the working folder) against a git revision.

    Each target is measured on both sides now, interleaved, each side in a process of its own that works in its
    checkout's ``folder``; relative files are taken from there. The baseline's checkout and environment are gone
    afterwards. Runs and comparisons go to ``store``, one session a target.

    What goes wrong with one target is its outcome. Raises ``UsageError`` for an unknown revision, no repository, no
    target, or one that the new code doesn't have. Ctrl-C (SIGTERM and SIGHUP, too, on the main thread) ends the
    gate: the target that was measured is INTERRUPTED, and those after it are not in the result.
    """
    with judging(revision, folder=folder, settings=settings, store=store, progress=progress) as judge:
        return judge(targets)


@contextmanager
def judging(
    revision: str,
    *,
    folder: Path | None = None,
    settings: GateSettings | None = None,
    store: Store | None = None,
    progress: Progress = silent,
) -> Iterator[Callable[[Sequence[str | GateTarget]], GateResult]]:
    """``judge_against`` for targets that come one by one: the baseline is checked out once, when first needed.

    Both the checkout and its environment are gone at the end. Raises as ``judge_against`` does.
    """
    repository = Repository(folder or Path.cwd())
    here = (folder or Path.cwd()).resolve()
    with terminable(), ExitStack() as undo:
        yield _Gate(
            repository,
            here,
            repository.revision(revision),
            repository.work_tree(),
            settings or GateSettings(),
            store,
            progress,
            undo,
        ).judge


def _checked(target: str | GateTarget, repository: Repository, folder: Path) -> GateTarget:
    """The target with its file relative to the folder. Raises ``UsageError`` for what can't be one."""
    if isinstance(target, GateTarget) and target.opener:
        return target
    asked = target if isinstance(target, GateTarget) else GateTarget(target)
    relative = ".py" in asked.text and folder != Path.cwd() and not Path(asked.text).is_absolute()
    parsed = parse_target(f"{folder}/{asked.text}" if relative else asked.text)
    match parsed:
        case RunTarget():
            raise UsageError(f"{parsed} is a stored run: a gate measures code, such as FILE.py:FUNCTION")
        case ScenarioTarget():
            if not (repository.root / "workbench" / "scenarios").is_dir():
                raise UsageError(
                    f"{parsed} is the workbench's own code, not this repository's: name FILE.py or FILE.py:FUNCTION"
                )
            return replace(asked, text=str(parsed))
        case ScriptTarget(path) | FunctionTarget(path):
            inside = _inside(path, repository, folder)
            function = f":{parsed.function}" if isinstance(parsed, FunctionTarget) else ""
            return replace(asked, text=f"{inside}{function}", file=str(inside))
        case CallableTarget():
            raise UsageError(f"{parsed} is a function of this process: a gate needs FILE.py:FUNCTION")


def _inside(path: Path, repository: Repository, folder: Path) -> Path:
    """The file relative to the folder. Raises ``UsageError`` where it isn't in the repository."""
    whole = Path(os.path.normpath(folder / path))
    real = whole.parent.resolve() / whole.name
    if not real.is_relative_to(repository.root):
        raise UsageError(f"{path} is not in the repository {repository.root}, so it has no baseline")
    return Path(os.path.relpath(real, folder))


def _notes(repository: Repository, baseline: Revision, new: Revision) -> tuple[str, ...]:
    notes = []
    if new.dirty:
        notes.append("the new side is the work tree with its uncommitted changes")
    elif baseline.commit == new.commit:
        notes.append("the baseline is the very commit that is checked out: both sides are the same code")
    if (repository.root / ".gitmodules").is_file():
        notes.append("submodules are not checked out in the baseline")
    return tuple(notes)


@dataclass(slots=True)
class _Gate:
    """One gate while it runs. ``undo`` takes the checkout away at its end."""

    repository: Repository
    folder: Path
    baseline: Revision
    new: Revision
    settings: GateSettings
    store: Store | None
    progress: Progress
    undo: ExitStack
    checkout: Path | None = None
    places: tuple[Place, Place] | None = None
    environment: str = ""

    def judge(self, targets: Sequence[str | GateTarget]) -> GateResult:
        began = time.monotonic()
        chosen = [_checked(target, self.repository, self.folder) for target in targets]
        if not chosen:
            raise UsageError("name what to judge, or list it in [tool.workbench.gate] of pyproject.toml")
        if self.store is not None:
            self.store.prepare()
        text, results = self.run(chosen)
        notes = _notes(self.repository, self.baseline, self.new)
        return GateResult(self.baseline, self.new, text, tuple(results), time.monotonic() - began, notes)

    def run(self, targets: Sequence[GateTarget]) -> tuple[str, list[TargetResult]]:
        """The line about the environment ("" if the baseline didn't run), and the results."""
        added = {t.text: self._added(t) for t in targets}
        try:
            if all(added.values()):
                return "", list(self._attempted(targets, added))
            if self.checkout is None:
                self.checkout = self.undo.enter_context(checked_out(self.repository, self.baseline.commit))
            try:
                if self.places is None:
                    self.places, self.environment = self._places(self.checkout)
            except NoEnvironment as problem:
                failed = TargetResult("", GateOutcome.INCONCLUSIVE, str(problem))
                unmeasured = {t.text: added[t.text] or replace(failed, target=t.text) for t in targets}
                return "", list(self._attempted(targets, unmeasured))
            return self.environment, list(self._results(targets, added, self.places, self.checkout.parent))
        except KeyboardInterrupt:
            return "", [TargetResult(targets[0].text, GateOutcome.INTERRUPTED, "interrupted")]

    def _attempted(
        self, targets: Sequence[GateTarget], results: Mapping[str, TargetResult | None]
    ) -> Iterator[TargetResult]:
        """The results of targets for which no baseline is run; up to one that was interrupted."""
        for target in targets:
            result = results[target.text]
            if result is None:
                continue
            result = self._attempt(target, result)
            yield result
            if result.outcome is GateOutcome.INTERRUPTED:
                return

    def _attempt(self, target: GateTarget, result: TargetResult) -> TargetResult:
        """An added target's result once it ran; a test is run by pytest itself."""
        if result.outcome is not GateOutcome.ADDED or target.opener:
            return result
        began = time.monotonic()
        self.progress(f"running {target.text}, which is new", 0, 1)
        try:
            attempt(target, new_place(self.repository.root, self.folder), self.settings)
        except Stopped as stopped:
            result = _stopped(result, stopped)
        except KeyboardInterrupt:
            result = replace(result, outcome=GateOutcome.INTERRUPTED, reason="interrupted")
        return replace(result, seconds=time.monotonic() - began)

    def _added(self, target: GateTarget) -> TargetResult | None:
        """The result for a target whose file the baseline lacks."""
        if not target.file:
            return None
        file = Path(os.path.normpath(self.folder / target.file)).relative_to(self.repository.root)
        if self.repository.has_file(self.baseline.commit, file):
            return None
        return TargetResult(target.text, GateOutcome.ADDED, f"the baseline has no {file.as_posix()}")

    def _places(self, checkout: Path) -> tuple[tuple[Place, Place], str]:
        self.progress("finding the baseline's environment", 0, 1)
        found = find_environment(
            self.repository,
            self.baseline.commit,
            folder=self.folder,
            scratch=checkout.parent,
            wheels=self.settings.wheels,
        )
        if self.settings.setup:
            self.progress("setting the baseline up", 0, 1)
            run_setup(self.settings.setup, checkout, found.python)
        return places_of(self.repository.root, self.folder, checkout, found.python), found.text

    def _results(
        self,
        targets: Sequence[GateTarget],
        added: dict[str, TargetResult | None],
        places: tuple[Place, Place],
        scratch: Path,
    ) -> Iterator[TargetResult]:
        own = own_modules(self.repository.root, self.folder)
        for target in targets:
            new = added[target.text]
            result = self._attempt(target, new) if new else self._measured(target, places, own, scratch)
            yield result
            if result.outcome is GateOutcome.INTERRUPTED:
                return

    def _measured(
        self, target: GateTarget, places: tuple[Place, Place], own: tuple[str, ...], scratch: Path
    ) -> TargetResult:
        began = time.monotonic()
        duel = Duel(target, places, self.settings, self._margin(target), own, scratch=scratch)
        session = Session(new_id(), "gate", utc_now(), environment=environment(self.folder))
        result = TargetResult(target.text, GateOutcome.INCONCLUSIVE)
        recordings: list[Recording] = []
        try:
            with duel.opened():
                try:
                    duel.run(self.progress)
                except Stopped as stopped:
                    result = _stopped(result, stopped)
                except KeyboardInterrupt:
                    duel.interrupt()
                    result = replace(result, outcome=GateOutcome.INTERRUPTED, reason="interrupted")
                recordings = duel.recordings(scratch, self._identities(session))
        except Stopped as stopped:  # a side that didn't even start
            result = _stopped(result, stopped)
        session = self._session(session, duel, recordings)
        result = self._judged(result, duel, recordings)
        result = replace(
            result, session_id=session.session_id if recordings else "", seconds=time.monotonic() - began,
            notes=(*duel.notes, *duel.timing.left_out, *result.notes), spent=dict(duel.spent),
        )  # fmt: skip
        return self._saved(session, recordings, result)

    def _margin(self, target: GateTarget) -> Margin:
        """The project's, with the target's own or the settings' greatest slow-down, else a rule of the settings."""
        named = f"{self.folder / target.text}" if target.file else target.text
        own = target.max_regression or self.settings.max_regression or ""
        project = margin_for(named, max_regression=own, start=self.folder)
        rule = self.settings.rule if self.settings.rule is not None and not own else project.rule
        rule = replace(rule, ignored_counts=rule.ignored_counts | self.settings.ignore_counts)
        return Margin(rule, target.max_seconds or self.settings.max_seconds or project.max_seconds)

    def _judged(self, result: TargetResult, duel: Duel, recordings: list[Recording]) -> TargetResult:
        if len(recordings) != 2:
            return result
        comparison, found, issued = compared(recordings[0], recordings[1], duel)
        if duel.verdict is None:
            return replace(result, comparison=comparison)
        outcome = GateOutcome.of(comparison.verdict)
        untimed = "" if self.settings.timing else "no count rose"
        reason = "; ".join(found) if outcome is GateOutcome.REGRESSION else untimed
        return replace(
            result, outcome=outcome, comparison=comparison, counts=tuple(found), reason=reason, notes=tuple(issued)
        )

    def _identities(self, session: Session) -> tuple[dict[str, object], dict[str, object]]:
        sides = (("base", self.baseline), ("new", self.new))
        base, new = (self._identity(session, side, revision) for side, revision in sides)
        return base, new

    @staticmethod
    def _identity(session: Session, side: str, revision: Revision) -> dict[str, object]:
        parameters = {"side": side, "commit": revision.commit, "dirty": revision.dirty}
        return {"run_id": new_id(), "session_id": session.session_id, "name": "", "parameters": parameters}

    def _session(self, session: Session, duel: Duel, recordings: list[Recording]) -> Session:
        parameters: dict[str, Scalar] = {
            **duel.at_start,
            **duel.parameters,
            "target": duel.target.text,
            "baseline": self.baseline.name,
            "baseline_commit": self.baseline.commit,
            "new_commit": self.new.commit,
            "max_regression": duel.rule.max_regression,
            "max_pairs": duel.rule.budget,
            "max_seconds": duel.max_seconds,
            "clock": self.settings.clock,
            "order_seed": self.settings.order_seed,
        }
        for index, recording in enumerate(recordings):
            recordings[index] = replace(recording, run=replace(recording.run, name=self._stored_name(duel.target)))
        scenario = recordings[0].run.scenario if recordings else ""
        return replace(session, parameters=parameters, scenario=scenario)

    def _stored_name(self, target: GateTarget) -> str:
        """The target as it is called in any folder of any checkout."""
        if not target.file:
            return target.text
        return normalise(os.path.normpath(self.folder / target.file)) + target.text.removeprefix(target.file)

    def _saved(self, session: Session, recordings: list[Recording], result: TargetResult) -> TargetResult:
        """The result, once its runs are in the store. Where they can't be, the verdict stands and says so."""
        if self.store is None or not recordings:
            return result
        if lost := kept(session, recordings, self.store):
            return replace(_unsaved(result, lost, "runs"), session_id="")
        try:
            if result.comparison is not None:
                self.store.save_comparison(session.session_id, result.comparison)
        except StoreError as error:
            return _unsaved(result, error, "verdict")
        return result


def _unsaved(result: TargetResult, error: StoreError, what: str) -> TargetResult:
    return replace(result, unsaved=not_stored(error, what), exit_code=result.exit_code or error.exit_code)


def _stopped(result: TargetResult, stopped: Stopped) -> TargetResult:
    return replace(result, outcome=stopped.outcome, reason=stopped.reason, exit_code=stopped.exit_code)
