"""The options of the scenarios over the object store, given as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from workbench.errors import UsageError
from workbench.services.s3 import S3Faults, S3Options

__all__ = ["OPTIONS", "read_options"]


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key for key in text.split("+") if key)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "latency_scale": float,
    "slow_down_rate": float,
    "reset_rate": float,
    "bad_keys": _keys,
    "timeout_s": _seconds,
}

OPTIONS = tuple(_READERS)
"""The names of all options; ``bad_keys`` joins several parts of keys with ``+``: ``000003/+000007/``."""

_DEFAULT_TIMEOUT_S = 30.0


def read_options(scenario: str, options: Mapping[str, str], seed: int) -> tuple[S3Options, float]:
    """What the texts mean: the store's options, and the client's timeout in seconds.

    Raises ``UsageError`` for an unknown name or a value that can't be read.
    """
    values = {name: _read(scenario, name, text) for name, text in options.items()}
    faults = S3Faults(
        slow_down_rate=values.get("slow_down_rate", 0.0),
        reset_rate=values.get("reset_rate", 0.0),
        bad_keys=values.get("bad_keys", ()),
    )
    store = S3Options(latency_scale=values.get("latency_scale", 1.0), seed=seed, faults=faults)
    return store, values.get("timeout_s", _DEFAULT_TIMEOUT_S)


def _read(scenario: str, name: str, text: str) -> Any:
    if name not in _READERS:
        close = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(OPTIONS)}"
        raise UsageError(f"scenario {scenario} has no option {name!r}; {hint}")
    try:
        return _READERS[name](text.strip())
    except ValueError as error:
        raise UsageError(f"scenario {scenario}: can't read option {name}={text!r}") from error
