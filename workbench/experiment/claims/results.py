"""Verdicts from what has been measured, and the files in which both are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.experiment.claims.catalogue import Catalogue, load_catalogue
from workbench.experiment.claims.files import (
    CLAIMS,
    RESULTS,
    code_digest,
    load_points,
    save_point,
    write_json,
)
from workbench.experiment.claims.model import Claim, Evaluation, Reading
from workbench.experiment.claims.points import Point, PointResult, measure_point
from workbench.experiment.claims.verdict import evaluate
from workbench.experiment.progress import Progress, silent

__all__ = ["Book", "claim_document", "open_book"]


class Book:
    """The claims of a checkout with what was measured of them.

    Points are kept in ``benchmarks/results/<scenario>.json``, verdicts in ``claims.json`` beside them.
    """

    def __init__(self, project: Path, catalogue: Catalogue) -> None:
        self.project = project
        self.catalogue = catalogue
        scenarios = dict.fromkeys(point.scenario for point in catalogue.points.values())
        self.measured = {scenario: load_points(project, scenario) for scenario in scenarios}

    def evaluations(self, claims: Sequence[Claim]) -> list[Evaluation]:
        """The verdicts, by what is on record."""
        return [evaluate(claim, self.measured.get(claim.scenario, {})) for claim in claims]

    def stands(self, point: Point, code: str) -> bool:
        """Whether the point is on record, complete, for these sources and these conditions."""
        known = self.measured[point.scenario].get(point.name)
        return (
            known is not None
            and not known.interrupted
            and (known.code, known.conditions) == (code, conditions(point))
        )

    def measure(self, point: Point, progress: Progress = silent) -> PointResult:
        """Measure a point now, and keep it and the verdicts that follow.

        An interrupted measurement is kept as far as it got, but never in place of a complete one.
        """
        code = code_digest(self.project)
        result = replace(measure_point(point, progress), code=code, conditions=conditions(point))
        known = load_points(self.project, point.scenario).get(point.name)
        if not result.interrupted or known is None or known.interrupted:
            save_point(self.project, point.scenario, result)
        self.measured[point.scenario] = load_points(self.project, point.scenario)  # others may measure beside us
        self.write_verdicts()
        return result

    def write_verdicts(self) -> None:
        """Write ``claims.json`` anew."""
        every = self.evaluations(list(self.catalogue.claims.values()))
        document = {"claims": [claim_document(evaluation, self._about) for evaluation in every]}
        write_json(self.project / RESULTS / "claims.json", document)

    def _about(self, claim: Claim, point: str) -> dict[str, Any]:
        """What a reading was measured on and with."""
        result = self.measured[claim.scenario][point]
        about = {name: result.parameters[name] for name in _PARAMETERS if name in result.parameters}
        return about | {"measured_at": result.started_at, "environment": dict(result.environment)}


_PARAMETERS = ("scale", "resources", "seed", "dataset_digest", "link", "link_terms", "concurrency_limit", "rounds")


def open_book(project: Path) -> Book:
    """The claims of the checkout at ``project``. Raises ``UsageError`` for a file that can't be read."""
    return Book(project, load_catalogue(project / CLAIMS))


def conditions(point: Point) -> dict[str, Any]:
    """What makes a measurement one of this point, as plain data."""
    settings = point.settings
    return {
        "variants": list(point.variants),
        "rounds": point.rounds,
        "scale": settings.scale,
        "resources": settings.resources,
        "seed": settings.seed,
        "link": settings.link,
        "options": dict(settings.options),
        "isolated": point.isolated,
    }


About = Callable[[Claim, str], Mapping[str, Any]]


def claim_document(evaluation: Evaluation, about: About | None = None) -> dict[str, Any]:
    """What ``workbench claims --json`` prints of a claim.

    ``stated``, ``measured`` and ``ci`` are in ``unit``; ``measured`` and ``ci`` are of the first deciding condition
    (null if it was not measured), ``readings`` holds all of them.
    """
    claim, quoted = evaluation.claim, evaluation.quoted
    return {
        "id": claim.id,
        "source": claim.source,
        "statement": claim.statement,
        "scenario": claim.scenario,
        "variants": list(claim.variants),
        "metric": str(claim.metric) if claim.metric != "value" else claim.measure,
        "unit": claim.unit,
        "stated": [claim.low, claim.high],
        "measured": quoted.value if quoted else None,
        "ci": [quoted.low, quoted.high] if quoted else None,
        "verdict": evaluation.words,
        "because": evaluation.because,
        "command": claim.command,
        "note": claim.note,
        "readings": [_reading(claim, reading, about) for reading in evaluation.readings],
    }


def _reading(claim: Claim, reading: Reading, about: About | None) -> dict[str, Any]:
    return {
        "condition": reading.point,
        "decides": reading.decides,
        "measured": reading.value,
        "ci": [reading.low, reading.high],
        "interval": reading.label,
        "pairs": reading.pairs,
        "verdict": str(reading.verdict) if reading.verdict else None,
        **(about(claim, reading.point) if about else {}),
    }
