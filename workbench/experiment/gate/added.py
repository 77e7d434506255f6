"""A target that the baseline lacks: nothing to compare with, but the new code must run."""

from __future__ import annotations

from workbench.errors import ServiceError, UsageError
from workbench.experiment.gate.duel import stopped
from workbench.experiment.gate.model import GateSettings, GateTarget
from workbench.experiment.gate.side import Place, Side, SideFailed

__all__ = ["attempt"]


def attempt(target: GateTarget, place: Place, settings: GateSettings) -> None:
    """Run it once, in a process of its own.

    Raises ``Stopped`` where it fails, and ``UsageError`` where the new code has no such target.
    """
    try:
        side = Side.start(place, settings)
    except ServiceError as error:
        raise stopped(place, str(error)) from error
    try:
        side.open(target)
        side.attempt()
    except SideFailed as failed:
        if failed.missing:
            raise UsageError(failed.line) from failed
        raise stopped(place, failed.line, failed.exit_code) from failed
    finally:
        side.stop()
