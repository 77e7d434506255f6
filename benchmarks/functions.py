"""Whether the function that was slowed is the one that a comparison names.

    python benchmarks/functions.py [--rounds N] [--cases a,b] [--aa N] [--synthetic N] [-o FILE.json]

Real: the CPU paths of the case studies (``function_cases.py``). In each, every function of its own that holds at
least 0.5 % of the sampled time is slowed by a loop put before its body, so long that the whole takes 10 % longer
without a sampler. Both sides are sampled in interleaved rounds as ``workbench compare`` does it, and the slowed
function's rank among all functions is printed: by what the comparison lists, and by the size of the change alone.
A/A: the same code on both sides, and both halves of the base's own rounds against each other.

Synthetic: call trees of 30 functions, of shares drawn at random, sampled with the noise of a sampler and of a busy
machine (each round as a whole longer or shorter by 8 %); one function takes on 10 % of the whole, or none. And the
same functions under several callers each, of which none, or five grow and three move to other callers: what changed
and what moved are two families of tests, and what is false among all that either tells is counted.

Required: first in at least 95 % of the cases, real and synthetic; A/A with any function told as changed or moved in
at most 5 % (where nothing changed, one false discovery is a rate of 100 %); at most 5 % false among all told.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from function_cases import CASES, Body, Injection, functions_of
from verdict import clopper_pearson

from workbench.analysis.functions import function_changes, self_seconds
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.experiment.explain import MOST_SAMPLED_ROUNDS
from workbench.experiment.interleave import sweeps
from workbench.model import Frame, FunctionChange, Recording, RoundKind

REQUIRED_FIRST = 0.95
REQUIRED_FALSE = 0.05
SLOWER = 0.10
LEAST_SHARE = 0.005
ROUND_S = 0.1


@dataclass(frozen=True)
class Slowed:
    """One function slowed; ``rank`` 1 is the first of the list, ``rank_by_size`` that by the change alone."""

    case: str
    function: str
    share: float
    rank: int
    rank_by_size: int
    told: bool
    others_told: int


def sampled(
    body: Body, loops: int, rounds: int, injection: Injection | None, steps: int
) -> tuple[Recording, Recording]:
    """Interleaved sampled rounds of the body, without and with the steps."""
    recorders = (RunRecorder(SamplerSpec()), RunRecorder(SamplerSpec()))
    orders = sweeps((0, 1), seed=steps)
    for _ in range(rounds):
        for side in next(orders):
            if injection is not None:
                injection.steps = steps if side else 0
            recorders[side].call(RoundKind.SAMPLED, lambda: _repeat(body, loops))
    base, new = (recorder.finish(run_id="", session_id="", name="") for recorder in recorders)
    return base, new


def _repeat(body: Body, loops: int) -> None:
    for _ in range(loops):
        body()


def changes(
    base: CallTree, new: CallTree, base_rounds: Sequence[int], new_rounds: Sequence[int]
) -> list[FunctionChange]:
    """What a comparison lists for these rounds."""
    return function_changes(
        base, new, base_rounds=dict.fromkeys(base_rounds, 1.0), new_rounds=dict.fromkeys(new_rounds, 1.0)
    )


def told(found: Sequence[FunctionChange]) -> list[Frame]:
    return [change.frame for change in found if change.change in ("grew", "shrank")]


def ranked(case: str, slowed: Frame, share: float, found: Sequence[FunctionChange]) -> Slowed:
    frames = [change.frame for change in found]
    by_size = sorted(found, key=lambda change: -abs(change.new_seconds - change.base_seconds))
    names = told(found)
    return Slowed(
        case=case,
        function=slowed.function,
        share=share,
        rank=frames.index(slowed) + 1,
        rank_by_size=[change.frame for change in by_size].index(slowed) + 1,
        told=slowed in names,
        others_told=len([frame for frame in names if frame != slowed]),
    )


def real(name: str, rounds: int, aa: int) -> Iterator[Slowed | bool]:
    """Each function of the case slowed in turn, as ``Slowed``; then whether an A/A comparison told anything."""
    body = CASES[name]()
    loops = loops_of(body)
    first = RunRecorder(SamplerSpec())
    first.call(RoundKind.SAMPLED, lambda: _repeat(body, 3 * loops))
    tree = first.finish(run_id="", session_id="", name="").tree
    assert tree is not None
    own = self_seconds(tree)
    whole = sum(own.values())
    for frame, function in functions_of(own).items():
        if own[frame] < LEAST_SHARE * whole:
            continue
        with Injection(function) as injection:
            steps = injection.steps_for(body, SLOWER)
            if not steps:
                continue
            base, new = sampled(body, loops, rounds, injection, steps)
        assert base.tree is not None
        assert new.tree is not None
        numbers = range(rounds)
        yield ranked(name, frame, own[frame] / whole, changes(base.tree, new.tree, numbers, numbers))
        if rounds >= 12:  # its own halves are equal code, and wide enough to be tested
            yield bool(told(changes(base.tree, base.tree, numbers[::2], numbers[1::2])))
    for _ in range(aa):
        base, new = sampled(body, loops, rounds, None, 0)
        assert base.tree is not None
        assert new.tree is not None
        yield bool(told(changes(base.tree, new.tree, range(rounds), range(rounds))))


def loops_of(body: Body) -> int:
    from function_cases import elapsed

    body()
    return max(1, round(ROUND_S / min(elapsed(body) for _ in range(5))))


def synthetic(rng: np.random.Generator, rounds: int, *, slower: float) -> tuple[CallTree, CallTree, Frame, float]:
    """Base and new of drawn shares; the last function drawn takes on ``slower`` of the whole."""
    shares = rng.dirichlet(np.full(30, 0.6))
    slowed = int(rng.choice(np.flatnonzero(shares >= LEAST_SHARE)))
    more = np.zeros(30)
    more[slowed] = slower
    trees = (_tree(rng, shares, rounds), _tree(rng, shares + more, rounds))
    return *trees, _frame(slowed), float(shares[slowed])


def _frame(number: int) -> Frame:
    return Frame("synthetic.py", f"f{number}")


def _tree(rng: np.random.Generator, shares: np.ndarray, rounds: int) -> CallTree:
    """Rounds of some 200 samples of 1 ms, each round disturbed as a whole."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for number in range(rounds):
        counts = rng.poisson(200 * shares * rng.lognormal(0, 0.08))
        for function, count in enumerate(counts.tolist()):
            node = builder.node([Frame("synthetic.py", "main"), _frame(function)])
            if count:
                builder.sample(time_ns=0, weight_ns=count * 1_000_000, node=node, round=number)
    return builder.build()


def moving(rng: np.random.Generator, rounds: int, *, grow: int, move: int) -> tuple[int, int]:
    """How many functions are told as changed or moved where so many were, and how many of those falsely."""
    base = rng.dirichlet(np.full(30, 0.6))[:, None] * rng.dirichlet(np.full(6, 0.5), size=30)
    new = base.copy()
    chosen = rng.permutation(np.flatnonzero(base.sum(axis=1) >= 2 * LEAST_SHARE))
    grown, moved = chosen[:grow], chosen[grow : grow + move]
    new[grown] *= rng.uniform(1.2, 2.0, size=(len(grown), 1))
    new[moved] = np.roll(new[moved], 1, axis=1)
    true = {**{_frame(n): "grew" for n in grown}, **{_frame(n): "moved" for n in moved}}
    found = changes(_called(rng, base, rounds), _called(rng, new, rounds), range(rounds), range(rounds))
    named = [change for change in found if change.change]
    return len(named), sum(true.get(change.frame) != change.change for change in named)


def _called(rng: np.random.Generator, shares: np.ndarray, rounds: int) -> CallTree:
    """As ``_tree``, of functions (rows) under callers (columns)."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for number in range(rounds):
        counts = rng.poisson(200 * shares * rng.lognormal(0, 0.08))
        for function, caller in np.argwhere(counts).tolist():
            node = builder.node([Frame("synthetic.py", f"caller{caller}"), _frame(function)])
            weight = int(counts[function, caller]) * 1_000_000
            builder.sample(time_ns=0, weight_ns=weight, node=node, round=number)
    return builder.build()


def rate(hits: int, trials: int) -> str:
    low, high = clopper_pearson(hits, trials) if trials else (0.0, 1.0)
    return f"{hits} of {trials} ({hits / max(trials, 1):.1%}, 95 % {low:.1%} to {high:.1%})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=MOST_SAMPLED_ROUNDS, help="sampled rounds of each side")
    parser.add_argument("--cases", default=",".join(CASES), help=f"any of {', '.join(CASES)}")
    parser.add_argument("--aa", type=int, default=8, help="A/A comparisons of each case")
    parser.add_argument("--synthetic", type=int, default=1000, help="synthetic comparisons of either kind")
    parser.add_argument("-o", "--output", type=Path, help="write the results as JSON too")
    chosen = parser.parse_args()
    rows: list[Slowed] = []
    false: list[bool] = []
    for name in filter(None, chosen.cases.split(",")):
        for result in real(name, chosen.rounds, chosen.aa):
            if isinstance(result, bool):
                false.append(result)
            else:
                rows.append(result)
                print(
                    f"{result.case:10} {result.function:34} {result.share:6.1%}  rank {result.rank} "
                    f"(by size alone {result.rank_by_size})  {'told' if result.told else 'not told'}, "
                    f"others told {result.others_told}",
                    flush=True,
                )
    rng = np.random.default_rng(20261123)
    made = [_synthetic_row(rng, chosen.rounds) for _ in range(chosen.synthetic)]
    quiet = [_synthetic_false(rng, chosen.rounds) for _ in range(chosen.synthetic)]
    still = [moving(rng, chosen.rounds, grow=0, move=0) for _ in range(chosen.synthetic)]
    mixed = [moving(rng, chosen.rounds, grow=5, move=3) for _ in range(chosen.synthetic)]
    callers: dict[str, int] = {
        "aa": len(still),
        "aa_false": sum(false > 0 for _, false in still),
        "mixed": len(mixed),
        "mixed_told": sum(named for named, _ in mixed),
    }
    wrong = float(np.mean([false / max(named, 1) for named, false in mixed])) if mixed else 0.0
    document = {
        "environment": {"python": platform.python_version(), "numpy": np.__version__},
        "rounds": chosen.rounds,
        "real": summary(rows, false),
        "synthetic": summary(made, quiet),
        "callers": {**callers, "mixed_false_rate": wrong},
        "functions": [asdict(row) for row in rows],
    }
    if chosen.output:
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        chosen.output.write_text(json.dumps(document, indent=1) + "\n")
    for kind, found, alarms in (("real", rows, false), ("synthetic", made, quiet)):
        print(f"\n{kind}: slowed function first: {rate(sum(r.rank == 1 for r in found), len(found))}")
        print(f"{kind}: told from noise: {rate(sum(r.told for r in found), len(found))}")
        print(f"{kind}: A/A with a false discovery: {rate(sum(alarms), len(alarms))}")
    print(f"\ncallers: A/A with a false discovery, changed or moved: {rate(callers['aa_false'], callers['aa'])}")
    print(f"callers: false among {callers['mixed_told']} told: {wrong:.1%} on average")
    families = _missed([], [false > 0 for _, false in still]) or wrong > REQUIRED_FALSE
    return int(families or any(_missed(found, alarms) for found, alarms in ((rows, false), (made, quiet))))


def _synthetic_row(rng: np.random.Generator, rounds: int) -> Slowed:
    base, new, slowed, share = synthetic(rng, rounds, slower=SLOWER)
    return ranked("synthetic", slowed, share, changes(base, new, range(rounds), range(rounds)))


def _synthetic_false(rng: np.random.Generator, rounds: int) -> bool:
    base, new, _, _ = synthetic(rng, rounds, slower=0.0)
    return bool(told(changes(base, new, range(rounds), range(rounds))))


def summary(rows: Sequence[Slowed], false: Sequence[bool]) -> dict[str, int]:
    return {
        "slowed": len(rows),
        "first": sum(row.rank == 1 for row in rows),
        "told": sum(row.told for row in rows),
        "others_told": sum(row.others_told for row in rows),
        "aa": len(false),
        "aa_false": sum(false),
    }


def _missed(rows: Sequence[Slowed], false: Sequence[bool]) -> bool:
    """Whether a requirement is missed beyond chance: its bound is outside the interval of what was measured."""
    first = sum(row.rank == 1 for row in rows)
    too_few = bool(rows) and clopper_pearson(first, len(rows))[1] < REQUIRED_FIRST
    return too_few or (bool(false) and clopper_pearson(sum(false), len(false))[0] > REQUIRED_FALSE)


if __name__ == "__main__":
    sys.exit(main())
