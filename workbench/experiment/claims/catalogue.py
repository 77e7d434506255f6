"""Reading ``data/claims.toml``: strict, since a misspelt condition would silently test something else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import UsageError
from workbench.experiment.claims.model import Better, Claim, Implied, Metric
from workbench.experiment.claims.points import Point
from workbench.scenarios.base import Settings
from workbench.suggestions import suggestion

__all__ = ["Catalogue", "load_catalogue"]

Table = Mapping[str, Any]
E = TypeVar("E", bound=StrEnum)

_SETTINGS = {field.name for field in fields(Settings)}
_POINT = {field.name for field in fields(Point)} - {"settings"} | _SETTINGS
_CLAIM = {field.name for field in fields(Claim)}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All claims and all points by name, in the file's order."""

    claims: Mapping[str, Claim]
    points: Mapping[str, Point]

    def select(self, ids: Sequence[str]) -> list[Claim]:
        """The claims of these ids; ``J4`` stands for all its parts, and no id at all for every claim.

        Raises ``UsageError`` for an id that fits none.
        """
        for wanted in ids:
            if not any(_fits(claim, wanted) for claim in self.claims):
                families = ", ".join(dict.fromkeys(claim.partition(".")[0] for claim in self.claims))
                known = f"known: {families}, or one of their parts, such as J4.large"
                raise UsageError(
                    f"unknown claim {wanted!r}{suggestion(wanted, self.claims, listed='') or ';'} {known}"
                )
        return [
            claim for claim in self.claims.values() if not ids or any(_fits(claim.id, wanted) for wanted in ids)
        ]


def _fits(claim: str, wanted: str) -> bool:
    return claim.casefold() == wanted.casefold() or claim.casefold().startswith(f"{wanted.casefold()}.")


def load_catalogue(file: Path) -> Catalogue:
    """What ``file`` states. Raises ``UsageError`` that names the table and the key which is wrong."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} can't be read: {error}") from error
    points = _by_name(file, "point", "name", document, _point)
    claims = _by_name(file, "claim", "id", document, _claim)
    for claim in claims.values():
        if missing := [name for name in claim.points if name not in points]:
            raise UsageError(
                f"{file}: claim {claim.id} is tested at {missing[0]!r}, but there is no such [[point]]"
            )
    return Catalogue(claims, points)


def _by_name(file: Path, table: str, key: str, document: Table, read: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, entry in enumerate(document.get(table, ()), 1):
        name = entry.get(key)
        where = f"{file}: [[{table}]] {name if isinstance(name, str) else f'number {number}'}"
        if not isinstance(name, str) or name in found:
            raise UsageError(f"{where}: {key} is missing or stands twice")
        try:
            found[name] = read(entry)
        except KeyError as error:
            raise UsageError(f"{where}: {error.args[0]} is missing") from error
        except (TypeError, ValueError) as error:
            raise UsageError(f"{where}: {error}") from error
    return found


def _point(entry: Table) -> Point:
    _known(entry, _POINT)
    chosen = {name: entry[name] for name in _SETTINGS if name in entry}
    return Point(
        name=entry["name"],
        group=entry["group"],
        scenario=entry["scenario"],
        variants=tuple(entry["variants"]),
        settings=Settings(**chosen),
        rounds=entry.get("rounds", 3),
        isolated=entry.get("isolated", False),
        bound=entry.get("bound", False),
    )


def _claim(entry: Table) -> Claim:
    _known(entry, _CLAIM)
    metric = _word(Metric, "metric", entry["metric"])
    variants = tuple(entry["variants"])
    expected = 1 if metric is Metric.VALUE else 2
    if len(variants) != expected:
        raise ValueError(f"{metric} takes {expected} variant{'s' * (expected > 1)}")
    if not {"low", "high", "implied"} & set(entry):
        raise ValueError("nothing is stated: low, high or implied")
    if entry.get("low", float("-inf")) > entry.get("high", float("inf")):
        raise ValueError("low is above high")
    plain = {name: entry[name] for name in _CLAIM - _CONVERTED if name in entry}
    return Claim(
        variants=variants,
        metric=metric,
        at=tuple(entry["at"]),
        better=_word(Better, "better", entry.get("better", Better.MORE)),
        unit=entry.get("unit", _UNITS[metric]),
        also=tuple(entry.get("also", ())),
        implied=tuple(Implied(**implied) for implied in entry.get("implied", ())),
        **plain,
    )


_CONVERTED = {"variants", "metric", "at", "better", "unit", "also", "implied"}
_UNITS = {Metric.SPEED_UP: "×", Metric.SAVING: "%", Metric.CHANGE: "%", Metric.VALUE: ""}


def _known(entry: Table, names: set[str]) -> None:
    if unknown := sorted(set(entry) - names):
        raise ValueError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(names))}")


def _word(kind: type[E], name: str, text: str) -> E:
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{name} is one of {', '.join(kind)}, not {text!r}") from None
