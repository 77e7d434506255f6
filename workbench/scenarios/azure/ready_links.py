"""Relationships, each held back until the graph holds both of its ends."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.scenarios.azure.rows import Link, Row

__all__ = ["ReadyLinks"]


class ReadyLinks:
    """Takes rows in any order, and gives each of their links once."""

    def __init__(self) -> None:
        self._ready: dict[str, list[Link]] = {}
        self._there: set[str] = set()
        self._unchanged: set[str] = set()
        self._waiting: dict[str, list[Link]] = {}

    @property
    def left(self) -> int:
        """Links to what never came."""
        return sum(map(len, self._waiting.values()))

    def written(self, rows: Iterable[Row]) -> None:
        """The graph holds these rows now, but not their links."""
        self._arrived(list(rows))

    def unchanged(self, rows: Iterable[Row]) -> None:
        """The graph holds these rows as it did before, with the links among them."""
        rows = list(rows)
        self._unchanged.update(row.id for row in rows)
        self._arrived(rows)

    def take(self, size: int = 1) -> list[Link]:
        """What is ready, in batches of ``size`` of one kind; the rest of each kind stays."""
        taken: list[Link] = []
        for kind, links in self._ready.items():
            whole = len(links) - len(links) % size
            taken += links[:whole]
            self._ready[kind] = links[whole:]
        return taken

    def _arrived(self, rows: list[Row]) -> None:
        self._there.update(row.id for row in rows)
        for row in rows:
            for link in (*self._waiting.pop(row.id, ()), *row.links()):
                self._sort(link)

    def _sort(self, link: Link) -> None:
        missing = next((end for end in (link.source, link.target) if end not in self._there), None)
        if missing is not None:
            self._waiting.setdefault(missing, []).append(link)
        elif not (link.source in self._unchanged and link.target in self._unchanged):
            self._ready.setdefault(link.kind, []).append(link)
