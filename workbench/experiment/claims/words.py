"""Claims and readings as people read them."""

from __future__ import annotations

import math

from workbench.experiment.claims.model import Claim, Evaluation

__all__ = ["interval_words", "measured_words", "quantity", "stated_words"]

_TIGHT = ("×", "%")


def quantity(value: float | None, unit: str) -> str:
    """Three significant digits and the unit: ``7.52×``, ``25 %``, ``0.0123 s``, ``22 500 roots in 300 s``."""
    if value is None or not math.isfinite(value):
        return "–"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    rounded = round(value, 2 - math.floor(math.log10(abs(value)))) if value else 0.0
    text = f"{rounded:,.{min(digits, 6)}f}".replace(",", "\u202f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + ("×" if unit == "×" else f" {unit}" if unit else "")


def stated_words(claim: Claim) -> str:
    """``5 to 10×``, ``at most 300 s``, ``at least 2×``; what the document implies where it states no range."""
    if claim.low is not None and claim.high is not None:
        return f"{quantity(claim.low, '')} to {quantity(claim.high, claim.unit)}"
    if claim.high is not None:
        return f"at most {quantity(claim.high, claim.unit)}"
    if claim.low is not None:
        return f"at least {quantity(claim.low, claim.unit)}"
    return "; ".join(f"{quantity(i.low, '')} to {quantity(i.high, claim.unit)}" for i in claim.implied)


def measured_words(evaluation: Evaluation) -> str:
    """The quoted reading, or all deciding ones where the verdict depends on them."""
    deciding = [reading for reading in evaluation.readings if reading.decides]
    if not deciding:
        return "–"
    values = [reading.value for reading in deciding]
    unit = evaluation.claim.unit
    if len(values) == 1:
        return quantity(values[0], unit)
    return f"{quantity(min(values), '')} … {quantity(max(values), unit)}"


def interval_words(evaluation: Evaluation) -> str:
    """The interval of the quoted reading with what it is; the number of conditions of a sweep."""
    deciding = [reading for reading in evaluation.readings if reading.decides]
    if not deciding:
        return ""
    if len(deciding) > 1:
        return f"{len(deciding)} conditions"
    reading = deciding[0]
    return f"{quantity(reading.low, '')} to {quantity(reading.high, '')} ({reading.label})"
