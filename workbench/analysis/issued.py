"""Where the operations that a count counts were issued: what of them there are more of than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from workbench.analysis.pairs import LOOPS
from workbench.model import RoundKind, Run, Span, Status

__all__ = ["issued_at", "issued_more", "kind_of"]

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "requests": "http",
        "connects": "connect",
        "tls_handshakes": "tls",
        "statements": "sql",
        "cypher_statements": "cypher",
    }
)
_SITES = 3
_LONGEST = 100  # of a statement: it is to be recognised, not read


def kind_of(measure: str) -> str:
    """The kind of the spans that a count counts: ``sql`` for ``statements``, ``queue`` for ``spans_queue``."""
    return _KINDS.get(measure, measure.removeprefix("spans_"))


def issued_at(spans: Iterable[Span], measure: str) -> str:
    """``issued at app/db.py:38 (60×), app/db.py:51 (2×)``: the places that issued the most; "" if none is known."""
    sites = Counter(span.site for span in spans if span.kind == kind_of(measure) and span.site)
    listed = ", ".join(f"{site} ({count}×)" for site, count in sites.most_common(_SITES))
    return f"issued at {listed}" if listed else ""


def issued_more(
    base: Run, base_spans: Sequence[Span], new: Run, new_spans: Sequence[Span], measures: Iterable[str]
) -> list[str]:
    """```SELECT … WHERE id = ?` 1 → 100×, issued at app/db.py:41``: what rose most in one call, of each count.

    An operation is the same where kind, name and place are; one that only new issues stands with 0 for base.
    """
    before, after = _per_call(base, base_spans), _per_call(new, new_spans)
    lines = []
    for kind in dict.fromkeys(kind_of(measure) for measure in measures):
        rose = {key: count - before.get(key, 0.0) for key, count in after.items() if key[0] == kind}
        most = sorted((key for key in rose if rose[key] > 0), key=lambda key: (-rose[key], key))[:_SITES]
        lines += [_line(key, before.get(key, 0.0), after[key]) for key in most]
    return lines


def _line(key: tuple[str, str, str], base: float, new: float) -> str:
    _, name, site = key
    shown = " ".join(name.split()).replace("`", "'")
    shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
    return f"`{shown}` {base:.3g} → {new:.3g}×{f', issued at {site}' if site else ''}"


def _per_call(run: Run, spans: Sequence[Span]) -> dict[tuple[str, str, str], float]:
    """By kind, name and place: how many one call issued, over its timing rounds, else its sampled ones."""
    for kind in (RoundKind.TIMING, RoundKind.SAMPLED):
        calls = {
            r.index: r.measures.get(LOOPS, 1.0) for r in run.rounds if r.kind is kind and r.status is Status.OK
        }
        counted = Counter((span.kind, span.name, span.site) for span in spans if span.round in calls)
        if counted or kind is RoundKind.SAMPLED:
            return {key: number / (sum(calls.values()) or 1.0) for key, number in counted.items()}
    return {}
