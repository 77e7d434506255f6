"""The scenario's own options, given as text: what the simulator does, and how patient the client is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from workbench.errors import UsageError
from workbench.services.jamf.options import Faults, JamfOptions

__all__ = ["OPTIONS", "ClientOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Seconds for each connect, read and write, and seconds without any good answer after which retries end."""

    timeout_s: float = 30.0
    patience_s: float = 30.0


def _limit(text: str) -> int | None:
    return None if text.lower() == "none" else int(text)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("+") if name.strip())


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


_SERVER: Mapping[str, Callable[[str], Any]] = {
    "latency_scale": float,
    "concurrency_limit": _limit,
    "retry_after_s": int,
    "token_lifetime_s": float,
}
_FAULTS: Mapping[str, Callable[[str], Any]] = {
    "error_rate": float,
    "reset_rate": float,
    "slow_body_rate": float,
    "slow_body_s": float,
    "truncate_rate": float,
    "html_rate": float,
    "unauthorized_after": _limit,
    "always_429": _flag,
    "bad_resources": _names,
}
_CLIENT: Mapping[str, Callable[[str], Any]] = {"timeout_s": _seconds, "patience_s": _seconds}

OPTIONS = (*_SERVER, *_FAULTS, *_CLIENT)
"""The names of all options; ``bad_resources`` joins several with ``+``: ``policies/3+scripts/1``."""


def read_options(options: Mapping[str, str], seed: int) -> tuple[JamfOptions, ClientOptions]:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read."""
    values = {name: _read(name, text) for name, text in options.items()}

    def chosen(readers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
        return {name: values[name] for name in readers if name in values}

    faults = replace(Faults(), **chosen(_FAULTS))
    return JamfOptions(seed=seed, faults=faults, **chosen(_SERVER)), ClientOptions(**chosen(_CLIENT))


def _read(name: str, text: str) -> Any:
    reader = {**_SERVER, **_FAULTS, **_CLIENT}.get(name)
    if reader is None:
        close = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(OPTIONS)}"
        raise UsageError(f"scenario jamf has no option {name!r}; {hint}")
    try:
        return reader(text.strip())
    except ValueError as error:
        raise UsageError(f"scenario jamf: can't read option {name}={text!r}") from error
