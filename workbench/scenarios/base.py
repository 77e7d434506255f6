"""What a case study offers: variants that can be repeated, over services that are up, with a lower bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.errors import UsageError
from workbench.model import Plan, Scalar
from workbench.suggestions import suggestion

__all__ = [
    "BoundTerm",
    "Failure",
    "Outcome",
    "Prepared",
    "Scenario",
    "Settings",
    "Variant",
    "Workload",
    "variant_of",
    "variants_in",
]


@dataclass(frozen=True, slots=True)
class Variant:
    """One implementation. ``summary`` says what changed against the rung before; ``source`` is its path."""

    name: str
    summary: str
    source: str


def variants_in(folder: str, summaries: Iterable[tuple[str, str]]) -> tuple[Variant, ...]:
    """Variants by name and summary, each in the module of its name below ``workbench/scenarios/FOLDER``."""
    path = f"workbench/scenarios/{folder}"
    return tuple(Variant(name, summary, f"{path}/{name.replace('-', '_')}.py") for name, summary in summaries)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session fixes for all its variants. ``options`` are the scenario's own, as text."""

    scale: str = "small"
    seed: int = 1
    link: str = "cloud"
    resources: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """One part of the work that failed while the rest went on; ``error`` is one redacted line."""

    resource: str
    error: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one repetition produced. ``digest`` identifies the result: equal work has equal digests.

    ``plans`` are how the server carried out each distinct statement; the last ones are kept with the run.
    ``outline`` are the result's parts, where they are known, so that a difference can be found; never stored.
    """

    digest: str
    measures: Mapping[str, float]
    failures: tuple[Failure, ...] = ()
    plans: tuple[Plan, ...] = ()
    outline: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BoundTerm:
    """A time that no correct implementation can beat; the bound is the largest of a scenario's terms."""

    name: str
    seconds: float
    formula: str


class Workload(Protocol):
    """One variant, ready to be repeated; each repetition is ``setup``, ``run``, ``finish``."""

    def setup(self) -> None:
        """Prepare one repetition, outside the clock."""

    def run(self) -> Any:
        """The work, inside the clock; a coroutine is driven by the caller, in an event loop of its own."""

    def finish(self, value: Any) -> Outcome:
        """Check and clean up what ``run`` returned, outside the clock."""


class Prepared(Protocol):
    """A scenario with its data built and its services up. ``parameters`` are stored with the session."""

    @property
    def parameters(self) -> Mapping[str, Scalar]: ...

    def workload(self, variant: str) -> Workload: ...

    def bound(self) -> tuple[BoundTerm, ...]: ...

    def close(self) -> None: ...


class Scenario(Protocol):
    """A case study. ``demo`` names the variants worth showing together, from the slowest."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def variants(self) -> tuple[Variant, ...]: ...

    @property
    def baseline(self) -> str: ...

    @property
    def best(self) -> str: ...

    @property
    def demo(self) -> tuple[str, ...]: ...

    def prepare(self, settings: Settings) -> Prepared: ...


def variant_of(scenario: Scenario, name: str) -> Variant:
    """The variant of that name. Raises ``UsageError`` naming the known ones."""
    for variant in scenario.variants:
        if variant.name == name:
            return variant
    hint = suggestion(name, (variant.name for variant in scenario.variants), listed="it has")
    raise UsageError(f"scenario {scenario.name!r} has no variant {name!r}{hint}")
