"""Reads the options that are given to a scenario as texts (``-O name=value``)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workbench.errors import UsageError
from workbench.suggestions import suggestion

__all__ = ["Readers", "chosen", "count", "flag", "names", "number", "or_none", "read_texts", "seconds", "share"]

Readers = Mapping[str, Callable[[str], Any]]


def read_texts(scenario: str, readers: Readers, options: Mapping[str, str]) -> dict[str, Any]:
    """What each text means. Raises ``UsageError`` for an unknown name or a value that can't be read."""
    return {name: _read(scenario, readers, name, text) for name, text in options.items()}


def _read(scenario: str, readers: Readers, name: str, text: str) -> Any:
    reader = readers.get(name)
    if reader is None:
        raise UsageError(f"scenario {scenario} has no option {name!r}{suggestion(name, readers)}")
    try:
        return reader(text.strip())
    except ValueError as error:
        reason = f" ({error})" if str(error).startswith("from ") else ""
        raise UsageError(f"scenario {scenario}: can't read option {name}={text!r}{reason}") from error


def chosen(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Those of the values that have one of the names."""
    return {name: values[name] for name in names if name in values}


def number(least: float, most: float) -> Callable[[str], float]:
    """A reader of numbers in a range, both ends included."""

    def read(text: str) -> float:
        value = float(text)
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError(f"from {least:g} to {most:g}")
        return value

    return read


def count(least: int, most: int = 1_000_000) -> Callable[[str], int]:
    """A reader of whole numbers in a range, both ends included."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(f"from {least} to {most}")
        return value

    return read


def or_none(reader: Callable[[str], Any]) -> Callable[[str], Any]:
    """The reader, and the text ``none`` for None."""

    def read(text: str) -> Any:
        return None if text.lower() == "none" else reader(text)

    return read


def flag(text: str) -> bool:
    """``true`` or ``false``."""
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def names(text: str) -> tuple[str, ...]:
    """Names joined with ``+``."""
    return tuple(name.strip() for name in text.split("+") if name.strip())


seconds = number(0.001, 1e6)
"""A time of at least a millisecond."""

share = number(0, 1)
"""A share or a probability."""
