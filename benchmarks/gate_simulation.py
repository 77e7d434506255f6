"""What a gate says where processes differ by a known amount, simulated: ``python benchmarks/gate_simulation.py``.

Pairs of log ratios as ``workbench gate`` meets them: normal noise with one pair in ten four times as noisy, and on
it a difference that lasts as long as the two processes do, sometimes (``ODD``) a large one. The verdict is that of
the gate's own rule, and processes change when the gate would change them; seconds are those of a function of 5 ms.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from verdict import clopper_pearson

from workbench.analysis.verdict import Sequential
from workbench.experiment.gate.duel import generation_pairs
from workbench.model import Verdict

OPENING_S, PAIR_S, BUDGET_S = 0.4, 0.018, 30.0
ODD = 0.75
DISTURBED, TIMES_AS_NOISY = 0.1, 4.0


@dataclass(frozen=True, slots=True)
class Case:
    """Standard deviations of log ratios between processes and within them, the share of odd ones, the effect."""

    between: float
    within: float
    odd: float = 0.0
    effect: float = 0.0


CASES = (
    Case(0.008, 0.03),
    Case(0.012, 0.06, odd=0.01),
    Case(0.03, 0.06),
    Case(0.04, 0.01),
    Case(0.06, 0.02),
    Case(0.012, 0.06, odd=0.01, effect=0.1),
)


def gate(case: Case, random: np.random.Generator) -> tuple[Verdict, int, float]:
    """One gate: its verdict, its pairs and its seconds."""
    sequential, logs, processes = Sequential(), list[float](), list[int]()
    seconds, generation, taken, bias = OPENING_S, 0, 0, _bias(case, random)
    while True:
        noise = case.within * (TIMES_AS_NOISY if random.random() < DISTURBED else 1.0)
        logs.append(float(np.log1p(case.effect) + bias + random.normal(0, noise)))
        processes.append(generation)
        pairs, taken, seconds = len(logs), taken + 1, seconds + PAIR_S
        base, new = np.ones(pairs), np.exp(logs)
        verdict = sequential.look(base, new, processes)
        if verdict is None and seconds * (pairs + 1) / pairs > BUDGET_S:
            verdict = sequential.final(base, new, processes)
        if verdict is not None:
            return verdict, pairs, seconds
        if taken >= generation_pairs(generation, pairs):
            generation, taken, bias, seconds = generation + 1, 0, _bias(case, random), seconds + OPENING_S


def _bias(case: Case, random: np.random.Generator) -> float:
    odd = random.choice((-ODD, ODD)) if random.random() < case.odd else 0.0
    return float(odd + random.normal(0, case.between))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gates", type=int, default=1000, help="simulated gates a case")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    for case in CASES:
        random = np.random.default_rng(chosen.seed)
        said = [gate(case, random) for _ in range(chosen.gates)]
        found = Counter(str(verdict) for verdict, _, _ in said)
        low, high = clopper_pearson(found["REGRESSION"], len(said))
        median, most = np.quantile([seconds for _, _, seconds in said], (0.5, 0.8))
        print(
            f"{case}: {dict(found.most_common())}, REGRESSION {100 * low:.2f} to {100 * high:.2f} %; "
            f"{median:.1f} s, four of five within {most:.1f} s",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
