"""What a reader calls the runs of a report or a picture, and which commit they measured."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.model import Run, Session

__all__ = ["commit_of", "display_name", "run_names", "shared_name", "side_text"]

_SHORT = 7


def run_names(runs: Sequence[Run]) -> list[str]:
    """Each run's variant or name; where several are called alike their sides of a gate, else their ids."""
    names = [run.variant or run.name for run in runs]
    sides = [side_text(run) for run in runs]
    told_apart = len(set(sides)) == len(runs) and all(sides)
    if told_apart and len(runs) > 1 and shared_name(runs):
        return sides
    return [name if name and names.count(name) == 1 else run.run_id for name, run in zip(names, runs, strict=True)]


def display_name(run: Run) -> str:
    """The run's name, with its side of a gate."""
    name, side = run.name or run.run_id, side_text(run)
    return f"{name} ({side.replace(' (', ', ').rstrip(')')})" if side else name


def side_text(run: Run) -> str:
    """``base 1a2b3c4``, ``new 5d6e7f8``, ``new (working tree)``: which code a gate's run measured; "" of others."""
    side, commit = run.parameters.get("side"), run.parameters.get("commit")
    if side not in ("base", "new") or not isinstance(commit, str):
        return ""
    return f"{side} (working tree)" if run.parameters.get("dirty") else f"{side} {commit[:_SHORT]}".rstrip()


def shared_name(runs: Sequence[Run]) -> str:
    """The name that all of them have; "" where they have several, or none."""
    names = {f"{run.scenario}:{run.variant}" if run.scenario and run.variant else run.name for run in runs}
    return names.pop() if len(names) == 1 else ""


def commit_of(run: Run, session: Session) -> tuple[str, bool]:
    """The commit whose code the run measured ("" if unknown), and whether there were changes on top.

    A gate measures two commits in one session, so that its runs say it themselves.
    """
    commit = run.parameters.get("commit")
    if isinstance(commit, str) and commit:
        return commit, bool(run.parameters.get("dirty"))
    return session.environment.commit, session.environment.dirty
