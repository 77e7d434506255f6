"""Self time of each sampled round, by function or call path, as matrices that resampling can work on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from workbench.analysis.awaiting import charged_nodes
from workbench.analysis.pairs import LOOPS
from workbench.calltree import CallTree, Int32
from workbench.model import Frame, RoundKind, Run, Status

__all__ = ["Floats", "RoundWeights", "function_of_node", "sampled_rounds", "together"]

Floats = npt.NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, eq=False)
class RoundWeights(Generic[Key]):
    """``seconds[i, j]``: self time of ``keys[j]`` per execution of the body in the i-th round."""

    keys: Sequence[Key]
    seconds: Floats

    @classmethod
    def of_nodes(
        cls, tree: CallTree, rounds: Mapping[int, float], group: npt.NDArray[np.integer], keys: Sequence[Key]
    ) -> RoundWeights[Key]:
        """Sums over the nodes of each group; ``group`` holds each node's number in ``keys``."""
        samples = tree.samples
        order = sorted(rounds)
        row = np.searchsorted(order, samples.round)
        kept = np.isin(samples.round, order)
        cell = row[kept].astype(np.int64) * len(keys) + group[samples.node[kept]]
        sums = np.bincount(cell, weights=samples.weight_ns[kept], minlength=len(order) * len(keys))
        executions = np.array([rounds[index] for index in order], dtype=np.float64).reshape(-1, 1)
        return RoundWeights(keys, sums.reshape(len(order), len(keys)) / 1e9 / executions)

    @staticmethod
    def of_functions(tree: CallTree, rounds: Mapping[int, float]) -> RoundWeights[Frame]:
        """By function, all its call paths together."""
        return RoundWeights.of_nodes(tree, rounds, function_of_node(tree), tree.frames)

    def spread(self, column: Mapping[Key, int]) -> Floats:
        """The seconds with a column for each key of ``column``, 0 for those that are not here."""
        seconds = np.zeros((len(self.seconds), len(column)))
        at = np.array([column[key] for key in self.keys], dtype=np.intp)
        np.add.at(seconds.T, at, self.seconds.T)  # adds: redaction may have made two functions one
        return seconds


def function_of_node(tree: CallTree) -> Int32:
    """Number of the frame that each node's own time is charged to.

    "[await] got faster" names nobody, and neither does "sleep": time waited for is charged to the user's function
    that awaits, as in the tables of one run (``awaiting``).
    """
    return tree.node_frame[charged_nodes(tree)]


def together(base: RoundWeights[Key], new: RoundWeights[Key]) -> tuple[Sequence[Key], Floats, Floats]:
    """The keys of both, and the seconds of either with a column for each; 0 where a side has none."""
    column = {key: number for number, key in enumerate(dict.fromkeys((*base.keys, *new.keys)))}
    return list(column), base.spread(column), new.spread(column)


def sampled_rounds(run: Run) -> dict[int, float]:
    """Index of each completed sampled round → how often the body ran in it; empty for an imported profile."""
    return {
        r.index: r.measures.get(LOOPS, 1.0)
        for r in run.rounds
        if r.kind is RoundKind.SAMPLED and r.status is Status.OK
    }
