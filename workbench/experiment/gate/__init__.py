"""The gate: the baseline's code checked out beside the new and both measured now, interleaved.

A stored number never decides: it was measured on another day, on a machine with other neighbours. So the baseline
revision is checked out into a git worktree, and each target runs in two child processes, one a side, each with
its own checkout's folder and import path, in mirrored random pairs until there is a verdict. Counts come first and
are exact.

    from workbench.experiment.gate import GateSettings, judge_against
    result = judge_against("origin/main", ["perf/listing.py:first_page"], settings=GateSettings(max_seconds=30))
    result.outcome, result.exit_code, [r.sentence for r in result.targets]

A worker lives in this package too and starts anew every few pairs, so each name loads what it needs only when used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.experiment.gate.judge import judge_against, judging
    from workbench.experiment.gate.model import (
        GateOutcome,
        GateResult,
        GateSettings,
        GateTarget,
        Revision,
        TargetResult,
    )

__all__ = [
    "GateOutcome",
    "GateResult",
    "GateSettings",
    "GateTarget",
    "Revision",
    "TargetResult",
    "judge_against",
    "judging",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "judge" if name.startswith("judg") else "model"
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return value
