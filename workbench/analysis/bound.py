"""The bound that an optimized variant is held against, and how it travels with a session.

The bound is the larger of what link, latencies and throttle allow by arithmetic (each term with its formula) and
the same work measured over no link and without service latency (the CPU floor).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.model import Scalar
from workbench.scenarios.base import BoundTerm

__all__ = ["Bound", "bound_from_parameters"]

_PREFIX = "bound."
_FLOOR = "bound_floor_seconds"
_TOTAL = "bound_seconds"
_FORMULA = ".formula"


@dataclass(frozen=True, slots=True)
class Bound:
    """Arithmetic terms in seconds, and the measured CPU floor in seconds (0 if it was not measured)."""

    terms: tuple[BoundTerm, ...]
    floor_seconds: float = 0.0

    @property
    def seconds(self) -> float:
        """No correct implementation can be faster than this, by these terms."""
        return max([self.floor_seconds, *(term.seconds for term in self.terms)])

    def parameters(self) -> dict[str, Scalar]:
        """The bound as parameters of a session."""
        values: dict[str, Scalar] = {_TOTAL: self.seconds, _FLOOR: self.floor_seconds}
        for term in self.terms:
            values[_PREFIX + term.name] = term.seconds
            values[_PREFIX + term.name + _FORMULA] = term.formula
        return values


def bound_from_parameters(parameters: Mapping[str, Scalar]) -> Bound | None:
    """The bound a session was stored with, or None if it has none."""
    if _TOTAL not in parameters:
        return None
    names = [k.removeprefix(_PREFIX) for k in parameters if k.startswith(_PREFIX) and not k.endswith(_FORMULA)]
    terms = tuple(
        BoundTerm(name, _number(parameters[_PREFIX + name]), str(parameters.get(_PREFIX + name + _FORMULA, "")))
        for name in names
    )
    return Bound(terms, _number(parameters.get(_FLOOR)))


def _number(value: Scalar) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
