"""The scenario's own options, given as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from workbench.errors import UsageError

__all__ = ["OPTIONS", "WorkflowOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class WorkflowOptions:
    """``bad_payloads``: latest versions whose payload isn't JSON inside. Seconds for a connect and for a statement
    (``timeout_s``), and seconds after which retries end (``patience_s``). ``max_connections`` is the server's."""

    page_size: int = 50
    bad_payloads: int = 0
    timeout_s: float = 30.0
    patience_s: float = 10.0
    max_connections: int = 50


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return read


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 3600:
        raise ValueError
    return value


_READERS: Mapping[str, Callable[[str], Any]] = MappingProxyType(
    {
        "page_size": _count(1, 1000),
        "bad_payloads": _count(0, 1000),
        "timeout_s": _seconds,
        "patience_s": _seconds,
        "max_connections": _count(6, 1000),  # three are kept for superusers
        "latency_scale": float,  # every scenario takes it; Postgres is real and has no latency to scale
    }
)

OPTIONS = tuple(_READERS)
"""The names of all options."""


def read_options(options: Mapping[str, str]) -> WorkflowOptions:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read."""
    values = {name: _read(name, text) for name, text in options.items()}
    values.pop("latency_scale", None)
    return WorkflowOptions(**values)


def _read(name: str, text: str) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        close = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(OPTIONS)}"
        raise UsageError(f"scenario workflows has no option {name!r}; {hint}")
    try:
        return reader(text.strip())
    except ValueError as error:
        raise UsageError(f"scenario workflows: can't read option {name}={text!r}, or it is out of range") from error
