"""How often the verdict is wrong, on simulated streams whose truth is known.

    python benchmarks/verdict.py [--trials N] [--seed S] [-o FILE.json]

Log ratios of successive pairs are a first-order autoregressive series around log(1 + effect): log-normal noise of
the given standard deviation and lag-1 autocorrelation. For each the whole sequential rule is run (looks at 15 to
120 pairs) and its verdicts counted. Rates are printed with 95 % Clopper–Pearson bounds.

False alarm: REGRESSION on equal code. False PASS: PASS or IMPROVEMENT of code that is slower. The rule promises at
most 2.5 % each where pairs are independent.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workbench.analysis.verdict import Rule, judge
from workbench.model import Verdict

NOISE = (0.03, 0.05, 0.08, 0.13, 0.20, 0.26)
AUTOCORRELATION = (0.0, 0.17, 0.4)
EFFECTS = (0.0, 0.05, 0.10, 0.25)


@dataclass(frozen=True)
class Result:
    """Verdicts over all trials of one kind of stream; rates are fractions of trials."""

    sd: float
    autocorrelation: float
    effect: float
    trials: int
    wrong: float
    wrong_low: float
    wrong_high: float
    regression: float
    passed: float
    improvement: float
    inconclusive: float
    median_pairs: float


def stream(
    rng: np.random.Generator, pairs: int, sd: float, rho: float, effect: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Seconds of base and new for each pair."""
    noise = rng.standard_normal(pairs)
    for i in range(1, pairs):
        noise[i] = rho * noise[i - 1] + math.sqrt(1 - rho**2) * noise[i]
    return np.ones(pairs), np.exp(math.log1p(effect) + sd * noise)


def simulate(rng: np.random.Generator, rule: Rule, trials: int, sd: float, rho: float, effect: float) -> Result:
    """Judge ``trials`` streams of one kind."""
    found: Counter[Verdict] = Counter()
    pairs = []
    for _ in range(trials):
        verdict, estimate = judge(*stream(rng, rule.budget, sd, rho, effect), rule, replay=True)
        found[verdict] += 1
        pairs.append(estimate.pairs)
    bad = found[Verdict.REGRESSION] if effect == 0 else found[Verdict.PASS] + found[Verdict.IMPROVEMENT]
    low, high = clopper_pearson(bad, trials)
    share = {verdict: found[verdict] / trials for verdict in Verdict}
    return Result(
        sd=sd,
        autocorrelation=rho,
        effect=effect,
        trials=trials,
        wrong=bad / trials,
        wrong_low=low,
        wrong_high=high,
        regression=share[Verdict.REGRESSION],
        passed=share[Verdict.PASS],
        improvement=share[Verdict.IMPROVEMENT],
        inconclusive=share[Verdict.INCONCLUSIVE],
        median_pairs=float(np.median(pairs)),
    )


def clopper_pearson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate (Clopper & Pearson, Biometrika 26 (1934) 404–413), by bisection of the tails."""
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _bisect(lambda p: 1 - _binomial_cdf(hits - 1, trials, p) < tail)
    high = 1.0 if hits == trials else _bisect(lambda p: _binomial_cdf(hits, trials, p) > tail)
    return low, high


def _bisect(below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return low


def _binomial_cdf(hits: int, trials: int, p: float) -> float:
    if p in (0.0, 1.0):
        return 1.0 if p == 0.0 or hits >= trials else 0.0
    logs = (
        math.lgamma(trials + 1)
        - math.lgamma(k + 1)
        - math.lgamma(trials - k + 1)
        + k * math.log(p)
        + (trials - k) * math.log1p(-p)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(value) for value in logs))


def results(trials: int, seed: int) -> Iterator[Result]:
    """Every kind of stream, each with draws of its own."""
    rule = Rule()
    for number, (sd, rho, effect) in enumerate((s, r, e) for e in EFFECTS for r in AUTOCORRELATION for s in NOISE):
        yield simulate(np.random.default_rng([seed, number]), rule, trials, sd, rho, effect)


def line(r: Result) -> str:
    """The result as a row of the printed table."""
    kind = f"{r.effect:>+6.0%}  {r.sd:>8.0%}  {r.autocorrelation:>8.2f}  "
    wrong = f"{r.wrong:>6.2%} ({r.wrong_low:.2%}–{r.wrong_high:.2%})"
    verdicts = f"{r.regression:>6.1%} {r.passed:>6.1%} {r.improvement:>5.1%} {r.inconclusive:>7.1%}"
    return f"{kind}{wrong}".ljust(52) + f"{verdicts} {r.median_pairs:>8.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("-o", "--output", type=Path, help="write the results as JSON too")
    chosen = parser.parse_args()
    print(
        f"{chosen.trials} comparisons a row; wrong = REGRESSION where the effect is 0, else PASS or IMPROVEMENT\n"
    )
    print("effect  sd pairs  autocorr  wrong (95 % bounds)      REGR   PASS  IMPR  INCONCL  median pairs")
    rows = []
    for result in results(chosen.trials, chosen.seed):
        rows.append(asdict(result))
        print(line(result), flush=True)
    if chosen.output:
        environment = {"python": platform.python_version(), "numpy": np.__version__, "seed": chosen.seed}
        chosen.output.parent.mkdir(parents=True, exist_ok=True)
        chosen.output.write_text(json.dumps({"environment": environment, "results": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
