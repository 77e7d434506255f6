"""The rules by which a claim gets its verdict: a pure function of the claim and of what was measured.

1. *inconsistent*: figures that the document implies of one quantity have no value in common; no measurement helps.
   If they have, what they have in common is the stated range, unless one is given.
2. *not measured*: none of the deciding conditions was, or there is none: what is stated can't be measured here, and
   the note says why.
3. Each condition speaks for itself. *reproduced*: the measured interval and the stated range touch, ends included;
   *exceeded*: the interval lies wholly on the better side of the range; *not reproduced*: on the other side, or on
   either where neither is better. A range that is open on one side has only the other end.
4. Conditions that agree give the claim their verdict; otherwise it *depends on* what varies between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from workbench.experiment.claims.model import Better, Claim, ClaimVerdict, Evaluation, Reading
from workbench.experiment.claims.readings import Rounds, figure

__all__ = ["Measured", "evaluate", "judge"]


class Measured(Protocol):
    """What a verdict needs of a point's result."""

    @property
    def rounds(self) -> Mapping[str, Rounds]: ...


def evaluate(claim: Claim, points: Mapping[str, Measured]) -> Evaluation:
    """The verdict on ``claim`` by the points that were measured, and the readings it rests on."""
    found = (_read(_with_range(claim), name, points.get(name)) for name in claim.points)
    readings = tuple(reading for reading in found if reading)
    if claim.implied and _common(claim) is None:
        readings = tuple(replace(reading, verdict=None) for reading in readings)
        figures = "; ".join(f"{i.what}: {i.low:g} to {i.high:g} {claim.unit}" for i in claim.implied)
        return Evaluation(claim, ClaimVerdict.INCONSISTENT, f"the document contradicts itself: {figures}", readings)
    if not claim.at:
        return Evaluation(claim, ClaimVerdict.NOT_MEASURED, claim.note.removeprefix("not measured: "), readings)
    deciding = [reading for reading in readings if reading.decides]
    if not deciding:
        return Evaluation(claim, ClaimVerdict.NOT_MEASURED, f"run: {claim.command}", readings)
    verdicts = {reading.verdict for reading in deciding if reading.verdict}
    verdict = verdicts.pop() if len(verdicts) == 1 else ClaimVerdict.DEPENDS
    return Evaluation(claim, verdict, _because(claim, deciding), readings)


def judge(claim: Claim, low: float, high: float) -> ClaimVerdict:
    """What a measured interval from ``low`` to ``high`` says of the stated range (rule 3)."""
    above = claim.high is not None and low > claim.high
    below = claim.low is not None and high < claim.low
    if not above and not below:
        return ClaimVerdict.REPRODUCED
    exceeded = (above and claim.better is Better.MORE) or (below and claim.better is Better.LESS)
    return ClaimVerdict.EXCEEDED if exceeded else ClaimVerdict.NOT_REPRODUCED


def _read(claim: Claim, point: str, measured: Measured | None) -> Reading | None:
    found = figure(claim, measured.rounds) if measured is not None else None
    if found is None:
        return None
    value, low, high, pairs, label = found
    return Reading(point, value, low, high, pairs, label, judge(claim, low, high), decides=point in claim.at)


def _common(claim: Claim) -> tuple[float, float] | None:
    """The values that all implied figures allow, None if there are none."""
    low, high = max(i.low for i in claim.implied), min(i.high for i in claim.implied)
    return (low, high) if low <= high else None


def _with_range(claim: Claim) -> Claim:
    common = _common(claim) if claim.implied else None
    if common is None or claim.low is not None or claim.high is not None:
        return claim
    return replace(claim, low=common[0], high=common[1])


def _because(claim: Claim, deciding: list[Reading]) -> str:
    """Where it holds and where not, and how much of the sweep was measured."""
    parts = [f"{r.point}: {r.verdict}" for r in deciding] if len(deciding) > 1 else [deciding[0].label]
    missing = len(claim.at) - len(deciding)
    return "; ".join(parts + [f"{missing} of {len(claim.at)} conditions not measured"] * bool(missing))
