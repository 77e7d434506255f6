"""Names and ids of one table: unique as Jamf Pro demands, and now and then as awkward as people make them."""

from __future__ import annotations

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.vocabulary import SITES

__all__ = ["Names", "spaced_ids"]

_AWKWARD = (
    "{name} / {site}",
    '{name} "Beta"',
    "{name} ${{DEPARTMENT}}",
    "{name} – Größe prüfen (früher „{site}“)",
    "🚀 {name}",
    "%{{ if beta }}{name}%{{ endif }}",
    "{name} <test> & 'pilot'",
    "{name} \\ legacy",
    "../{name}",
    "365 {name}: 50 % + #1",
    "{name} <<EOT",
    "•••",
    "{name} – " + "bitte nicht löschen, wird noch gebraucht – " * 4 + "{site}",
    "{name} `id` $(hostname) $${{HOME}}",
    "日本語 {name}",
    "-{name}.sh",
)
"""What exporters stumble over: path separators, quotes, interpolation, heredoc markers, nothing left to slug."""

_EVERY = 11
_LONGEST = 245  # Jamf Pro takes 255 characters; leaves room for a number


def spaced_ids(stream: Stream, count: int) -> list[int]:
    """Ascending ids from 1 with gaps where objects were deleted."""
    ids, current = [], 0
    for _ in range(count):
        current += stream.number(2, 7) if current and stream.chance(0.15) else 1
        ids.append(current)
    return ids


class Names:
    """Gives out the names of one table in order.

    Of every eleven names the third is awkward and the sixth equals an earlier one but for its punctuation, so that
    even the smallest estate has some and both collide once they are slugged.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._given: dict[str, None] = {}
        self._awkward = stream.shuffled(_AWKWARD)

    def next(self, plain: str) -> str:
        """``plain``, an awkward or a colliding variant of it; never the same name twice."""
        position = len(self._given)
        name = plain
        if position % _EVERY == 2:
            template = self._awkward[position // _EVERY % len(self._awkward)]
            name = template.format(name=plain, site=self._stream.pick(SITES))
        elif position % _EVERY == 5:
            name = self._twin()
        return self.unique(name)

    def unique(self, name: str) -> str:
        """``name``, with a number behind it if it was given out before."""
        name = name[:_LONGEST].rstrip()
        candidate, number = name, 2
        while candidate in self._given:
            candidate, number = f"{name} {number}", number + 1
        self._given[candidate] = None
        return candidate

    def _twin(self) -> str:
        earlier = self._stream.pick(list(self._given))
        variants = (
            f"{earlier}!",
            earlier.replace(" ", "-"),
            earlier.replace(" ", "_"),
            earlier.replace(" ", "  ", 1),
        )
        return self._stream.pick(variants)
