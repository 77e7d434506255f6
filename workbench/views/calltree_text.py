"""The call tree as text, as pyinstrument's console output has it: heaviest callee first, libraries folded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.analysis.awaiting import awaiting_nodes
from workbench.calltree import CallTree, Samples
from workbench.views.numbers import format_number_of, format_seconds, format_share
from workbench.views.packages import Package, package_of
from workbench.views.tables import printable

__all__ = ["TreeLine", "call_tree_lines", "call_tree_text"]

_LEAST = 0.01  # share of all samples below which a node is only counted
_NAMED = 3  # packages that a folded line names
_BELOW_THREAD = "   "
_ENDS = {False: ("├─ ", "│  "), True: ("└─ ", "   ")}


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line. ``guide`` draws the branch; times are in nanoseconds over all sampled rounds.

    ``self_ns`` is None where the line stands for several functions; ``own`` marks the user's own code.
    """

    guide: str
    text: str
    place: str
    total_ns: int
    self_ns: int | None
    own: bool = False


def call_tree_lines(tree: CallTree, *, everything: bool = False) -> list[TreeLine]:
    """The tree from its roots down, siblings heaviest first.

    Below the last function of the user's own code a library's entry stands alone and what it calls is folded into
    one line, which tells how much of it was awaiting. Nodes with less than 1 % of the sampled time are summed up as
    "other". ``everything`` shows them all. Where several threads have samples each has a line with its tree below.
    """
    threads = _by_thread(tree)
    if len(threads) < 2:
        return list(_Walk(tree, everything).lines())
    least = _LEAST * int(tree.samples.weight_ns.sum())
    lines: list[TreeLine] = []
    for name, part in threads:
        lines.append(TreeLine("", f"thread {printable(name)}", "", int(part.samples.weight_ns.sum()), None))
        lines += _Walk(part, everything, least).lines(_BELOW_THREAD)
    return lines


def call_tree_text(
    tree: CallTree,
    *,
    everything: bool = False,
    highlight: Callable[[str], str] = str,
    soft: Callable[[str], str] = str,
) -> str:
    """The tree with total time, its share and self time before each line; "" of no samples.

    ``highlight`` is applied to the names of own code, ``soft`` to places and to lines that stand for several.
    """
    lines = call_tree_lines(tree, everything=everything)
    if not lines:
        return ""
    whole = int(tree.samples.weight_ns.sum())
    cells = [("total", "total %", "self")]
    cells += [(format_seconds(x.total_ns / 1e9), format_share(x.total_ns, whole), _self(x)) for x in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    shown = ["function", *(f"{x.guide}{_name(x, highlight, soft)}" for x in lines)]
    return "\n".join(f"{a}  {b}".rstrip() for a, b in zip(left, shown, strict=True))


def _self(line: TreeLine) -> str:
    return "" if line.self_ns is None else format_seconds(line.self_ns / 1e9)


def _name(line: TreeLine, highlight: Callable[[str], str], soft: Callable[[str], str]) -> str:
    if line.self_ns is None:
        return soft(line.text)
    name = highlight(line.text) if line.own else line.text
    return f"{name}  {soft(line.place)}"


def _by_thread(tree: CallTree) -> list[tuple[str, CallTree]]:
    """Threads with samples, heaviest first, and the tree with the samples of each."""
    samples = tree.samples
    weights = np.bincount(samples.thread, weights=samples.weight_ns, minlength=len(tree.threads))
    order = [n for n in np.argsort(-weights, kind="stable").tolist() if weights[n] > 0]
    columns = ("time_ns", "weight_ns", "node", "thread", "round", "task")
    return [
        (
            tree.threads[number],
            replace(tree, samples=Samples(**{c: getattr(samples, c)[samples.thread == number] for c in columns})),
        )
        for number in order
    ]


class _Walk:
    """A walk from the roots with a stack of its own: recursion in the profile is no recursion here."""

    def __init__(self, tree: CallTree, everything: bool, least: float | None = None) -> None:
        self._tree = tree
        self._everything = everything
        self._self: list[int] = tree.self_ns().tolist()
        self._total: list[int] = tree.total_ns().tolist()
        self._frame: list[int] = tree.node_frame.tolist()
        self._packages = [package_of(frame.file) for frame in tree.frames]
        self._children, self._leads_to_own = self._link(tree.node_parent.tolist())
        self._folds = not everything and any(self._leads_to_own)
        self._least = _LEAST * sum(self._self) if least is None else least
        self._awaits = frozenset(awaiting_nodes(tree).tolist())

    def _link(self, parents: list[int]) -> tuple[dict[int, list[int]], list[bool]]:
        """The callees with weight of each node (-1: the roots), and whether own code is among or below it."""
        children: dict[int, list[int]] = {}
        own = [self._package(node).kind == "user" for node in range(len(parents))]
        for node in range(len(parents) - 1, -1, -1):  # callees come after their callers
            if self._total[node] <= 0:
                continue
            children.setdefault(parents[node], []).append(node)
            if parents[node] >= 0:
                own[parents[node]] |= own[node]
        for callees in children.values():
            callees.sort(key=lambda node: (-self._total[node], node))
        return children, own

    def _package(self, node: int) -> Package:
        return self._packages[self._frame[node]]

    def lines(self, guide: str = "") -> Iterator[TreeLine]:
        pending = self._below(-1, guide)[::-1]
        while pending:
            line, node, guide = pending.pop()
            yield line
            if node >= 0:
                pending += reversed(self._below(node, guide))

    def _below(self, node: int, guide: str) -> list[tuple[TreeLine, int, str]]:
        """The lines right below a node, each with the node to go on with (-1: none) and the guide from there on."""
        if node >= 0 and self._folds and not self._leads_to_own[node]:
            hidden = self._under(node)
            if len(hidden) > 1:
                return [(self._folded(node, hidden, guide + _ENDS[True][0]), -1, "")]
        callees = self._children.get(node, [])
        kept = [c for c in callees if self._everything or self._total[c] >= self._least]
        rest = callees[len(kept) :]  # the lightest come last
        branches = (
            [("", "")] * len(callees) if node < 0 else [_ENDS[False]] * (len(kept) + bool(rest) - 1) + [_ENDS[True]]
        )
        made = [
            (self._line(callee, guide + branch), callee, guide + further)
            for callee, (branch, further) in zip(kept, branches, strict=False)
        ]
        return [*made, (self._other(rest, guide + ("" if node < 0 else _ENDS[True][0])), -1, "")] if rest else made

    def _line(self, node: int, guide: str) -> TreeLine:
        frame = self._tree.frames[self._frame[node]]
        own = self._package(node).kind == "user"
        name = printable(frame.function)
        return TreeLine(guide, name, printable(frame.file), self._total[node], self._self[node], own)

    def _under(self, node: int) -> list[int]:
        """All that a node calls, directly or not."""
        found = list(self._children.get(node, []))
        for below in found:  # grows while it is read
            found += self._children.get(below, [])
        return found

    def _folded(self, node: int, hidden: list[int], guide: str) -> TreeLine:
        weights: dict[str, int] = {}
        for below in hidden:
            name = self._package(below).name
            weights[name] = weights.get(name, 0) + self._self[below]
        names = sorted(weights, key=lambda name: (-weights[name], name))
        named = ", ".join(map(printable, names[:_NAMED])) + (", …" if len(names) > _NAMED else "")
        text = f"… {format_number_of(len(hidden), 'frame')} hidden ({named}{self._awaited(hidden)})"
        return TreeLine(guide, text, "", self._total[node] - self._self[node], None)

    def _awaited(self, nodes: list[int]) -> str:
        """How much of a line's time is awaiting, which it would hide otherwise; "" of none."""
        awaited = sum(self._self[node] for node in self._awaits.intersection(nodes))
        return f"; awaiting {format_seconds(awaited / 1e9)}" if awaited else ""

    def _other(self, nodes: list[int], guide: str) -> TreeLine:
        within = [below for node in nodes for below in (node, *self._under(node))] if self._awaits else []
        return TreeLine(
            guide,
            f"other ({format_number_of(len(nodes), 'function')}{self._awaited(within)})",
            "",
            sum(self._total[node] for node in nodes),
            None,
        )
