"""Functions whose time is the same but stands under other callers: a stack that moved is no stack that grew.

Callers are a family of tests of their own, beside that of the functions. A false "moved" takes two of them that are
wrong in opposite directions, so that over both families the false discoveries stay within the rate, too:
``benchmarks/functions.py`` counts them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from workbench.analysis.awaiting import charged_nodes
from workbench.analysis.resampling import FALSE_DISCOVERY_RATE, benjamini_hochberg, permutation_p_values
from workbench.analysis.weights import Floats, RoundWeights
from workbench.calltree import CallTree, Int32
from workbench.model import CallerChange, Frame

__all__ = ["Edge", "edge_weights", "moved_functions"]

Edge = tuple[Frame | None, Frame]
"""A function with its caller; recursion is looked through, so that a caller is another function or nobody."""

_CALLERS_KEPT = 4
_BALANCE = 0.5  # of the time that left one caller, at least this much arrived at another


def edge_weights(tree: CallTree, rounds: Mapping[int, float]) -> RoundWeights[Edge]:
    """Self time of each round by caller and function."""
    charged = charged_nodes(tree)
    functions, callers = tree.node_frame[charged], _caller_of_node(tree)[charged]
    pairs, group = np.unique(np.stack([callers, functions]), axis=1, return_inverse=True)
    edges: list[Edge] = [
        (tree.frames[caller] if caller >= 0 else None, tree.frames[function])
        for caller, function in pairs.T.tolist()
    ]
    return RoundWeights.of_nodes(tree, rounds, group.reshape(-1), edges)


def _caller_of_node(tree: CallTree) -> Int32:
    """Number of the nearest other function above each node, -1 where there is none; all nodes climb together."""
    functions = tree.node_frame
    caller = np.full(len(tree), -1, dtype=np.int32)
    climbing = np.flatnonzero(tree.node_parent >= 0)
    above = tree.node_parent[climbing]
    while len(climbing):
        other = functions[above] != functions[climbing]
        caller[climbing[other]] = functions[above[other]]
        above = tree.node_parent[above]
        on = ~other & (above >= 0)
        climbing, above = climbing[on], above[on]
    return caller


def moved_functions(
    edges: Sequence[Edge], base: Floats, new: Floats, least_share: float
) -> dict[Frame, tuple[CallerChange, ...]]:
    """Functions of which some caller's part grew and another's shrank by about as much, with those callers.

    ``base`` and ``new`` are rounds × edges. Edges of less than ``least_share`` of all time are left out; the
    false-discovery rate over the others is held. Whether the function's own total changed is the caller's question.
    """
    both = base.sum(axis=0) + new.sum(axis=0)
    large = np.flatnonzero(both >= least_share * max(float(both.sum()), 1e-12))
    if not large.size:
        return {}
    q = benjamini_hochberg(permutation_p_values(base[:, large], new[:, large]))
    changed: dict[Frame, list[CallerChange]] = defaultdict(list)
    for column in large[q <= FALSE_DISCOVERY_RATE].tolist():
        caller, function = edges[column]
        changed[function].append(CallerChange(caller, float(base[:, column].mean()), float(new[:, column].mean())))
    return {function: _largest(parts) for function, parts in changed.items() if _balanced(parts)}


def _balanced(parts: Sequence[CallerChange]) -> bool:
    gained = sum(max(p.new_seconds - p.base_seconds, 0.0) for p in parts)
    lost = sum(max(p.base_seconds - p.new_seconds, 0.0) for p in parts)
    return 0 < _BALANCE * max(gained, lost) <= min(gained, lost)


def _largest(parts: Sequence[CallerChange]) -> tuple[CallerChange, ...]:
    by_size = sorted(parts, key=lambda p: -abs(p.new_seconds - p.base_seconds))
    return tuple(by_size[:_CALLERS_KEPT])
