"""The differential flame graph: base and new in one picture, with what makes them incomparable written on it.

``diff_html(base, new)`` is the fragment for a page, ``diff_payload(base, new)`` the bytes for a widget; either
takes whatever has ``run``, ``session`` and ``tree`` (a report's ``RunReport``, or ``DiffSide``). ``diff_table`` is
the same as a table, for where no script runs.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.analysis.comparability import differences
from workbench.analysis.names import run_names
from workbench.analysis.pairing import paired_trees
from workbench.analysis.pairs import seconds_of
from workbench.analysis.treediff import FunctionDelta, TreeDifference, sampled_side, tree_difference
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.model import RoundKind, Run, Session, Status, utc_now
from workbench.statistics import median
from workbench.views.extras import Difference, Extras
from workbench.views.numbers import format_seconds, format_share
from workbench.views.packages import Package
from workbench.views.payload import FlameMeta, as_base64, encode, meta_of
from workbench.views.sections import self_weights, steps_per_ns
from workbench.views.svg import flamegraph_svg
from workbench.views.tables import TextTable, html_text

__all__ = [
    "Comparable",
    "DiffSide",
    "diff_html",
    "diff_of",
    "diff_payload",
    "diff_still",
    "diff_table",
    "diff_warnings",
    "side_name",
]

_UNKNOWN = Session("", "import", utc_now())
_STILL_FUNCTIONS = 10
_KINDS = (RoundKind.TIMING, RoundKind.SAMPLED)
_STEPS = (0.001, 0.005, 0.02, 0.1)
_SAME = "#e2e5ea"
_LESS = ("#d1e5f0", "#92c5de", "#4393c3", "#2b7bba", "#1a5a9c")
_MORE = ("#fddbc7", "#f4a582", "#e06b50", "#c9373c", "#a01029")
_GONE, _NEW = "#08306b", "#67000d"


class Comparable(Protocol):
    """What a side of a difference has."""

    @property
    def run(self) -> Run: ...
    @property
    def session(self) -> Session: ...
    @property
    def tree(self) -> CallTree | None: ...


@dataclass(frozen=True, slots=True)
class DiffSide:
    """A run with its call tree; without a session its environment is unknown, which is no difference."""

    run: Run
    tree: CallTree | None
    session: Session = _UNKNOWN


def diff_of(base: Comparable, new: Comparable) -> TreeDifference:
    """The differential call tree, by completed sampled rounds; a side without stacks is empty."""
    trees = paired_trees(base.run, new.run, base.tree, new.tree)
    sides = [sampled_side(side.run, tree or _empty()) for side, tree in zip((base, new), trees, strict=True)]
    return tree_difference(*sides)


def diff_warnings(base: Comparable, new: Comparable) -> tuple[str, ...]:
    """Why the two should not be compared, a sentence each: what makes them incomparable, and sides that lack stacks
    or didn't end well."""
    found = differences(base.run, new.run, base.session, new.session)
    warnings = [f"Not comparable: {difference}" for difference in found if difference.fatal]
    for which, side in (("base", base), ("new", new)):
        if side.run.status is not Status.OK:
            warnings.append(f"{which.capitalize()} was {side.run.status}: what it didn't reach is missing here")
        if side.tree is None or not len(side.tree.samples):
            warnings.append(f"{which.capitalize()} has no stacks (sampler: {side.run.sampler.name})")
    return tuple(warnings)


def diff_payload(base: Comparable, new: Comparable, colours: Mapping[Package, str] | None = None) -> bytes:
    """The payload of the differential flame graph; ``views.payload`` tells its format."""
    difference = diff_of(base, new)
    names = side_name(base, new), side_name(new, base)
    extras = Extras(
        difference=Difference(
            base_ns=difference.base_ns,
            new_ns=difference.new_ns,
            base_name=names[0],
            new_name=names[1],
            base_rounds=difference.base_executions,
            new_rounds=difference.new_executions,
            warnings=diff_warnings(base, new),
        )
    )
    return encode(difference.tree, _meta(base, new, f"{names[0]} → {names[1]}"), colours, extras)


def diff_html(base: Comparable, new: Comparable, colours: Mapping[Package, str] | None = None) -> str:
    """A fragment that the page's script turns into the live view, as ``flamegraph_html`` is for one run."""
    title = f"Differential flame graph of {side_name(base, new)} and {side_name(new, base)}"
    return (
        f'<div class="wb-flamegraph" data-wb-flamegraph aria-label="{html_text(title)}">'
        f'<script type="application/octet-stream">{as_base64(diff_payload(base, new, colours))}</script></div>'
    )


def diff_table(difference: TreeDifference, most: int = 20, caption: str = "") -> TextTable:
    """The functions whose self time changed most, in time per execution of the body, and in shares of all of it."""
    base_whole = float(difference.base_seconds().sum())
    new_whole = float(difference.new_seconds().sum())
    rows = tuple(
        _row(delta, base_whole, new_whole)
        for delta in difference.functions()[:most]
        if delta.change or delta.base_self
    )
    columns = ("Function", "File", "Base self", "New self", "Change", "Base self %", "New self %", "Note")
    return TextTable(columns, rows, caption or "Self time, base against new", numbers=range(2, 7))


def _row(delta: FunctionDelta, base_whole: float, new_whole: float) -> tuple[str, ...]:
    mark = "new" if not delta.base_total else "gone" if not delta.new_total else ""
    return (
        delta.frame.function,
        f"{delta.frame.file}:{delta.frame.line}" if delta.frame.line else delta.frame.file,
        format_seconds(delta.base_self),
        format_seconds(delta.new_self),
        f"{'+' if delta.change > 0 else '−' if delta.change < 0 else ''}{format_seconds(abs(delta.change))}",
        format_share(delta.base_self / base_whole if base_whole else 0.0, 1),
        format_share(delta.new_self / new_whole if new_whole else 0.0, 1),
        mark,
    )


def diff_still(base: Comparable, new: Comparable) -> str:
    """HTML without a script: the warnings, a picture of the widest boxes, and the table."""
    difference = diff_of(base, new)
    sides = Difference(
        difference.base_ns,
        difference.new_ns,
        base_rounds=difference.base_executions,
        new_rounds=difference.new_executions,
    )
    whole = difference.base_seconds(), difference.new_seconds()
    svg = flamegraph_svg(
        difference.tree,
        max_boxes=200,
        self_ns=self_weights(difference.tree, sides),
        unit_ns=1 / steps_per_ns(sides),
        node_colours=_node_colours(difference),
        told=" → ".join(format_seconds(float(side.sum())) for side in whole),
    )
    picture = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    names = side_name(base, new), side_name(new, base)
    title = html_text(f"{names[0]} → {names[1]}")
    warnings = "".join(f"<p><strong>{html_text(warning)}</strong></p>" for warning in diff_warnings(base, new))
    told = f"<p><small>{html_text(slowed)}</small></p>" if (slowed := _slowed(base, new)) else ""
    image = f'<img src="data:image/svg+xml;base64,{picture}" alt="Differential flame graph of {title}" width="960">'
    key = (
        "Red: more in new; darkest red: only new has it. Blue: less; darkest blue: only base has it. "
        "Boxes are as wide as the larger of the two."
    )
    table = diff_table(difference, _STILL_FUNCTIONS).to_html()
    return (
        f"<p><strong>{title}</strong></p>{warnings}{told}{image if svg else ''}<p><small>{key}</small></p>{table}"
    )


def _node_colours(difference: TreeDifference) -> list[str]:
    """By the change of each node's total, as a share of the larger whole; as static/diff.js does it."""
    base = difference.base_total_ns() / difference.base_executions
    new = difference.new_total_ns() / difference.new_executions
    whole = max(difference.base_seconds().sum(), difference.new_seconds().sum()) * 1e9 or 1.0
    change = (new - base) / whole
    step = 1 + np.searchsorted(_STEPS, np.abs(change), side="left")
    colours = np.where(
        change == 0, _SAME, np.where(change > 0, np.array(_MORE)[step - 1], np.array(_LESS)[step - 1])
    )
    colours = np.where((base > 0) & (new == 0), _GONE, np.where((base == 0) & (new > 0), _NEW, colours))
    return [str(colour) for colour in colours]


def side_name(side: Comparable, other: Comparable) -> str:
    """What a reader calls this side; where both are called alike its side of a gate, else the run's id."""
    named = run_names([side.run, other.run])[0]
    return named or side.run.variant or side.run.name


def _meta(base: Comparable, new: Comparable, name: str) -> FlameMeta:
    sides = (meta_of(base.run), meta_of(new.run))
    shared = sides[1] if sides[0].sampler == sides[1].sampler else FlameMeta()
    return FlameMeta(
        run_id=f"{sides[0].run_id}..{sides[1].run_id}",
        name=name,
        sampler=shared.sampler,
        interval_ns=shared.interval_ns if sides[0].interval_ns == sides[1].interval_ns else 0,
        clock=shared.clock,
        mode=shared.mode if sides[0].mode == sides[1].mode else "",
        rounds=1,
        told=_slowed(base, new),
    )


def _slowed(base: Comparable, new: Comparable) -> str:
    """What the clock said of both sides, and what their stacks add up to; "" where one was not timed."""
    sides = [[median(found) for kind in _KINDS if (found := seconds_of(side.run, kind))] for side in (base, new)]
    if any(len(side) < len(_KINDS) for side in sides):
        return ""
    (before, base_sampled), (after, new_sampled) = ([format_seconds(value) for value in side] for side in sides)
    return (
        f"The stacks come from sampled rounds of their own, which the sampler slows down: {base_sampled} → "
        f"{new_sampled}; the timing rounds take {before} → {after} (medians)."
    )


def _empty() -> CallTree:
    return CallTreeBuilder().build()
