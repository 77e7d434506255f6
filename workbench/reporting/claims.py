"""Pictures of claims: what was measured under each condition, over what was stated."""

from __future__ import annotations

from workbench.experiment.claims.model import Evaluation, Reading
from workbench.experiment.claims.words import quantity
from workbench.views.sweep_svg import SweepPoint, sweep_svg

__all__ = ["claim_svg"]


def claim_svg(evaluation: Evaluation) -> str:
    """The sweep of a claim as an SVG file; "" where nothing was measured."""
    claim = evaluation.claim
    points = [
        SweepPoint(r.point, r.value, r.low, r.high, _said(r, claim.unit)) for r in evaluation.readings if r.decides
    ]
    title = f"{claim.id}: {evaluation.words}"
    return sweep_svg(title, points, unit=claim.unit, stated=(claim.low, claim.high))


def _said(reading: Reading, unit: str) -> str:
    verdict = f" · {reading.verdict}" if reading.verdict else ""
    return f"{quantity(reading.value, unit)} ({reading.label}){verdict}"
