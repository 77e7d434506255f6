"""Claims, what was measured of them, and the words of a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Better", "Claim", "ClaimVerdict", "Evaluation", "Implied", "Metric", "Reading"]


class Metric(StrEnum):
    """What of the measures is compared with the stated figure; ``readings`` computes it."""

    SPEED_UP = "speed-up"
    SAVING = "saving"
    CHANGE = "change"
    VALUE = "value"


class Better(StrEnum):
    """The side of the stated range on which a claim is exceeded rather than missed."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"


class ClaimVerdict(StrEnum):
    REPRODUCED = "reproduced"
    EXCEEDED = "exceeded"
    NOT_REPRODUCED = "not reproduced"
    DEPENDS = "depends on"
    INCONSISTENT = "inconsistent"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Implied:
    """A figure that the document implies, in the claim's unit."""

    what: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A stated figure and how it is tested; the fields are explained at the top of ``data/claims.toml``.

    ``low`` and ``high`` are in ``unit`` (× for a speed-up, % for a saving or a change), None where open.
    """

    id: str
    source: str
    statement: str
    scenario: str
    variants: tuple[str, ...]
    metric: Metric
    at: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    better: Better = Better.MORE
    measure: str = "wall"
    per: str = ""
    factor: float = 1.0
    unit: str = ""
    also: tuple[str, ...] = ()
    vary: str = "the conditions"
    implied: tuple[Implied, ...] = ()
    note: str = ""

    @property
    def command(self) -> str:
        """What measures it again."""
        return f"workbench claims --measure {self.id}"

    @property
    def points(self) -> tuple[str, ...]:
        return self.at + self.also


@dataclass(frozen=True, slots=True)
class Reading:
    """The figure under one condition, with what ``label`` says that ``low`` to ``high`` is, over ``pairs`` rounds.

    ``decides`` is False for one that is only shown; ``verdict`` is what it would say alone, None of a figure about
    which the document contradicts itself.
    """

    point: str
    value: float
    low: float
    high: float
    pairs: int
    label: str
    verdict: ClaimVerdict | None
    decides: bool = True


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A claim with its verdict; ``because`` says on what it rests. Readings stand in the claim's order."""

    claim: Claim
    verdict: ClaimVerdict
    because: str
    readings: tuple[Reading, ...] = ()

    @property
    def words(self) -> str:
        """The verdict as it is printed: ``depends on the round-trip time``."""
        return f"{self.verdict} {self.claim.vary}" if self.verdict is ClaimVerdict.DEPENDS else str(self.verdict)

    @property
    def quoted(self) -> Reading | None:
        """The reading whose figure stands for the claim."""
        return next((reading for reading in self.readings if reading.decides), None)
