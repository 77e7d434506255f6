"""Whether two results are equal: speed of wrong answers means nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from workbench.errors import ResultsDiffer, ScenarioError
from workbench.scenarios.base import Outcome

__all__ = ["EXIT_STATUS", "failed_ending", "require_equal", "result_digest"]

EXIT_STATUS = "exit_status"
"""Measure of a process's round: how it ended."""


def result_digest(value: Any) -> str:
    """Equal results, equal digests (SHA-256, hex); "" where a result shows no content to compare.

    Containers count by content, mappings and sets in any order, arrays by type, shape and bytes, other objects by
    their ``repr`` unless that is the default one with an address or is abbreviated.
    """
    try:
        text = _canonical(value)
    except (_Unknown, RecursionError):  # the latter: it holds itself, or is nested thousands deep
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Unknown(Exception):
    """A value that shows no content."""


def _canonical(value: Any) -> str:
    match value:
        case list() | tuple():
            return f"sequence({','.join(map(_canonical, value))})"
        case set() | frozenset():
            return f"set({','.join(sorted(map(_canonical, value)))})"
        case Mapping():
            return f"mapping({','.join(sorted(f'{_canonical(k)}={_canonical(v)}' for k, v in value.items()))})"
    if getattr(getattr(value, "dtype", None), "hasobject", False):  # its bytes are addresses
        return f"objects({value.shape},{_canonical(value.tolist())})"
    if hasattr(value, "tobytes") and hasattr(value, "shape"):
        return f"array({getattr(value, 'dtype', '')},{value.shape},{hashlib.sha256(value.tobytes()).hexdigest()})"
    text = repr(value)
    if not isinstance(value, str | bytes | bytearray) and (" at 0x" in text or "..." in text):
        raise _Unknown  # an address, or a repr that leaves out a part of the content
    return text


def failed_ending(outcome: Outcome | None) -> str:
    """How a process's round ended, where that was badly; "" otherwise."""
    if outcome is None or not outcome.measures.get(EXIT_STATUS):
        return ""
    return outcome.failures[0].error if outcome.failures else f"exit status {outcome.measures[EXIT_STATUS]:g}"


def require_equal(base: tuple[str, Outcome], new: tuple[str, Outcome]) -> str:
    """Raise ``ResultsDiffer`` unless both (name, outcome) are of equal results; "" or a remark if they show none.

    ``ScenarioError`` where both ended badly in the same way. Outcomes with reported failures of parts are not
    compared: which parts failed may differ by chance.
    """
    (base_name, a), (new_name, b) = base, new
    if a.measures.get(EXIT_STATUS) and a.digest == b.digest:
        raise ScenarioError(f"{base_name} and {new_name} both fail ({a.failures[0].error}): nothing to compare")
    if not (a.digest and b.digest):
        return f"results of {base_name if not a.digest else new_name} show no content: not checked for equality"
    parts_failed = (a.failures or b.failures) and EXIT_STATUS not in a.measures
    if a.digest != b.digest and not parts_failed:
        failed = "; ".join(f"{f.resource}: {f.error}" for f in (*a.failures, *b.failures))
        why = f" ({failed})" if failed else ""
        raise ResultsDiffer(
            f"{base_name} and {new_name} return different results{why}: their speed is not compared "
            "(--different-results compares them all the same)"
        )
    return ""
