"""Where the operations that a count counts were issued: what of them there are more of than before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from workbench.analysis.own import owner_of_node
from workbench.analysis.pairs import LOOPS
from workbench.calltree import CallTree
from workbench.model import Recording, RoundKind, Run, Span, Status
from workbench.shortening import shortened

__all__ = ["Callers", "issued_at", "issued_more", "kind_of"]

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


def kind_of(measure: str) -> str:
    """The kind of the spans that a count counts: ``sql`` for ``statements``, ``queue`` for ``spans_queue``."""
    return _KINDS.get(measure, measure.removeprefix("spans_"))


class Callers:
    """For whom operations were issued. Many callers share a client or a repository, whose line says little."""

    def __init__(self, tree: CallTree | None) -> None:
        self._tree = tree
        self._of_node: dict[int, str] = {}

    def of(self, span: Span) -> str:
        """``sync_devices in app/sync.py``: the nearest caller in another file of the user's, or ""."""
        if span.node not in self._of_node:
            self._of_node[span.node] = self._caller(span.node)
        return self._of_node[span.node]

    def most(self, spans: Iterable[Span]) -> str:
        """The caller of most of them, and how many others there are: ``sync in app/sync.py and 2 others``."""
        found = Counter(filter(None, map(self.of, spans)))
        if not found:
            return ""
        (first, _), *others = found.most_common()
        return f"{first} and {len(others)} other{'s' if len(others) > 1 else ''}" if others else first

    @cached_property
    def _owners(self) -> list[int]:
        assert self._tree is not None
        owners: list[int] = owner_of_node(self._tree).tolist()
        return owners

    def _caller(self, node: int) -> str:
        tree = self._tree
        if tree is None or not 0 <= node < len(tree):
            return ""
        issuer = ""
        while node >= 0 and (node := self._owners[node]) >= 0:
            frame = tree.frames[tree.node_frame[node]]
            if issuer and frame.file != issuer:
                function = frame.function.partition(".<locals>.<")[0]  # a comprehension's is its function's
                return f"{function} in {frame.file}"
            issuer = frame.file
            node = int(tree.node_parent[node])
        return ""


def issued_at(recording: Recording, measure: str) -> str:
    """``issued at app/db.py:38 (60×, called by users in app/api.py), app/db.py:51 (2×)``: the most; "" for none."""
    of_kind = [span for span in recording.spans if span.kind == kind_of(measure) and span.site]
    callers = Callers(recording.tree)
    listed = [
        f"{site} ({count}×{_called_by(callers, [span for span in of_kind if span.site == site])})"
        for site, count in Counter(span.site for span in of_kind).most_common(_SITES)
    ]
    return f"issued at {', '.join(listed)}" if listed else ""


def issued_more(
    base: Run,
    base_spans: Sequence[Span],
    new: Run,
    new_spans: Sequence[Span],
    measures: Iterable[str],
    tree: CallTree | None = None,
) -> list[str]:
    """```SELECT … WHERE id = ?` 1 → 100×, issued at app/db.py:41``: what rose most in one call, of each count.

    An operation is the same where kind, name and place are; one that only new issues stands with 0 for base. With
    new's ``tree`` its caller is named where that is in another file.
    """
    callers = Callers(tree)
    before, after = _per_call(base, base_spans), _per_call(new, new_spans)
    lines = []
    for kind in dict.fromkeys(kind_of(measure) for measure in measures):
        rose = {key: count - before.get(key, 0.0) for key, count in after.items() if key[0] == kind}
        most = sorted((key for key in rose if rose[key] > 0), key=lambda key: (-rose[key], key))[:_SITES]
        for key in most:
            called = _called_by(callers, [s for s in new_spans if (s.kind, s.name, s.site) == key])
            lines.append(_line(key, before.get(key, 0.0), after[key], called))
    return lines


def _called_by(callers: Callers, spans: Iterable[Span]) -> str:
    caller = callers.most(spans)
    return f", called by {caller}" if caller else ""


def _line(key: tuple[str, str, str], base: float, new: float, called: str) -> str:
    _, name, site = key
    shown = shortened(" ".join(name.split()).replace("`", "'"))
    return f"`{shown}` {base:.3g} → {new:.3g}×{f', issued at {site}{called}' if site else ''}"


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
