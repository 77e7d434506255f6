"""How often the verdict is wrong, how often it is found, and how soon; other tools' rules on the same samples.

    python benchmarks/verdict.py record --minutes 8             equal and slower code, on an idle machine
    python benchmarks/verdict.py record --minutes 12 --set equal     more of equal code, for the false alarms
    python benchmarks/verdict.py record --minutes 12 --set io   waits with a heavy tail, any machine
    python benchmarks/verdict.py record --minutes 8 --set neighbour
    python benchmarks/verdict.py [judge]                        replay what was recorded, simulate the power curve

``record`` keeps sittings of real pairs (``verdict_streams.py``) in ``data/build/verdict``; more sittings add up.
``judge`` cuts them into comparisons that don't overlap: each begins where the last one's verdict fell, looks as a
live one does, and ends in time as a live one does. Nothing of it was there when the rule was chosen. The power
curve is of simulated pairs, as nobody can order a machine's noise.

False alarm: REGRESSION on equal code. False PASS: PASS or IMPROVEMENT of code that is slower. Rates stand with
their 95 % Clopper–Pearson bounds. A stream's noise is the standard deviation of its pairs' log ratios, and a robust
one (the quartiles' distance over 1.349), which a few disturbed pairs don't move.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from verdict_peers import PEERS
from verdict_streams import BODIES, SITTING_S, Kind, Stream, load, record

from workbench.analysis.verdict import LARGE_EFFECT_PAIRS, Rule, Sequential
from workbench.capture.environment import environment
from workbench.model import Verdict
from workbench.statistics import hodges_lehmann, lag1_autocorrelation

FOLDER = Path(__file__).resolve().parent
STREAMS = FOLDER.parent / "data" / "build" / "verdict"
RESULTS = FOLDER / "results" / "verdict.json"

QUIET_SD = 0.08
LONG_SITTING_S = 60.0
PEER_PAIRS = 20
SETS = {
    "quiet": [
        Kind(body, effect)
        for effect, bodies in (
            (0.0, ("arithmetic", "objects", "text", "micro", "slow")),
            (0.05, ("arithmetic", "objects", "text", "micro", "slow")),
            (0.10, ("arithmetic", "objects", "text", "micro")),
        )
        for body in bodies
    ],
    "equal": [Kind(body, 0.0) for body in ("text", "micro", "arithmetic", "objects")],
    "io": [Kind("io", effect) for effect in (0.05, 0.25, 0.05, 0.0)],
    "neighbour": [Kind(body, 0.0, True) for body in ("arithmetic", "text", "micro", "objects")],
}
SIMULATED = "simulated, sd 8 %"
POWER_SD = (0.02, 0.05, 0.08, 0.13, 0.20, 0.30)
POWER_EFFECTS = (0.0, 0.05, 0.10, 0.25)


@dataclass(frozen=True)
class Case:
    """One comparison drawn from a stream: the pairs from ``start`` on that it took, and how it ended."""

    stream: Stream
    start: int
    pairs: int
    seconds: float
    verdict: Verdict


@dataclass(frozen=True)
class Row:
    """All comparisons of one kind. Rates are fractions of ``comparisons``."""

    group: str
    effect: float
    within_s: float
    comparisons: int
    regression: float
    passed: float
    improvement: float
    inconclusive: float
    wrong: float
    wrong_low: float
    wrong_high: float
    median_pairs: float
    median_seconds: float
    slowest_seconds: float  # 95 % took less
    scaled: int = 0  # comparisons whose difference was multiplied in afterwards


# ------------------------------------------------------------------------------------------------- replay


def draw(stream: Stream, rule: Rule, max_seconds: float) -> Iterable[Case]:
    """Comparisons one after another, as long as what is left could hold the longest one."""
    start, total = 0, len(stream.base)
    while True:
        began = stream.ended[start - 1] if start else 0.0
        if total - start < rule.budget and stream.ended[-1] - began < max_seconds:
            return
        case = compare(stream, start, rule, max_seconds)
        yield case
        start += case.pairs


def compare(stream: Stream, start: int, rule: Rule, max_seconds: float) -> Case:
    """One comparison: looks where a live one looks, and a last one when the next pair would be too late."""
    base, new = stream.base[start : start + rule.budget], stream.new[start : start + rule.budget]
    elapsed = stream.ended[start : start + rule.budget] - (stream.ended[start - 1] if start else 0.0)
    count = np.arange(1, len(base) + 1)
    late = np.flatnonzero(elapsed * (count + 1) / count > max_seconds)
    last = int(late[0]) + 1 if late.size else len(base)
    sequential = Sequential(rule)
    for pairs in sorted({LARGE_EFFECT_PAIRS, *rule.looks}):
        if pairs > last:
            break
        verdict = sequential.look(base[:pairs], new[:pairs])
        if verdict is not None:
            return Case(stream, start, pairs, float(elapsed[pairs - 1]), verdict)
    return Case(stream, start, last, float(elapsed[last - 1]), sequential.final(base[:last], new[:last]))


def summarised(group: str, effect: float, within_s: float, cases: Sequence[Case]) -> Row:
    """A row of the table; a group without comparisons has NaN rates."""
    found = Counter(case.verdict for case in cases)
    row = tabulated(group, effect, within_s, found, [c.pairs for c in cases], [c.seconds for c in cases])
    return replace(row, scaled=sum(case.stream.kind.scaled for case in cases))


def tabulated(
    group: str, effect: float, within_s: float, found: Counter[Verdict], pairs: list[int], seconds: list[float]
) -> Row:
    total = sum(found.values())
    bad = found[Verdict.REGRESSION] if effect == 0 else found[Verdict.PASS] + found[Verdict.IMPROVEMENT]
    low, high = clopper_pearson(bad, total)
    rate = {verdict: found[verdict] / total for verdict in Verdict}
    return Row(
        group=group,
        effect=effect,
        within_s=within_s,
        comparisons=total,
        regression=rate[Verdict.REGRESSION],
        passed=rate[Verdict.PASS],
        improvement=rate[Verdict.IMPROVEMENT],
        inconclusive=rate[Verdict.INCONCLUSIVE],
        wrong=bad / total,
        wrong_low=low,
        wrong_high=high,
        median_pairs=float(np.median(pairs)),
        median_seconds=float(np.median(seconds)) if seconds else math.nan,
        slowest_seconds=float(np.quantile(seconds, 0.95)) if seconds else math.nan,
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


# ------------------------------------------------------------------------------------------------- groups


def noise(stream: Stream) -> tuple[float, float]:
    """Standard deviation of the pairs' log ratios, plain and robust."""
    d = stream.differences
    quartiles = np.quantile(d, [0.25, 0.75])
    return float(d.std(ddof=1)), float(quartiles[1] - quartiles[0]) / 1.349


def groups(streams: Sequence[Stream]) -> dict[str, list[Stream]]:
    """Streams by what the requirements are about; a quiet one is of processor work, without a neighbour."""
    cpu = [s for s in streams if s.kind.body in BODIES and not s.kind.neighbour]
    return {
        "sd at most 8 %": [s for s in cpu if noise(s)[0] <= QUIET_SD],
        "robust sd at most 8 %": [s for s in cpu if noise(s)[1] <= QUIET_SD],
        "all processor work": cpu,
        "bursty neighbour": [s for s in streams if s.kind.neighbour],
        "heavy-tailed waits": [s for s in streams if s.kind.body == "io"],
    }


def with_scaled(streams: Sequence[Stream]) -> list[Stream]:
    """The streams, and those of equal processor work once more with new's times multiplied by 1.05 and by 1.1.

    Code that takes 5 % longer is met by the same noise: its log ratios are those of equal code, shifted.
    """
    equal = [s for s in streams if s.kind.body in BODIES and s.kind.effect == 0.0]
    scaled = [
        replace(stream, kind=replace(stream.kind, effect=effect, scaled=True), new=stream.new * (1 + effect))
        for stream in equal
        for effect in (0.05, 0.10)
    ]
    return [*streams, *scaled]


def rows_of(found: dict[str, list[Stream]], rule: Rule) -> tuple[list[Row], list[Case]]:
    """Every group at every effect within 10 s, and +10 % within 3 s; and all cases within 10 s."""
    replayed: dict[tuple[int, float], list[Case]] = {}
    rows = []
    for group, streams in found.items():
        by_effect: dict[float, list[Stream]] = defaultdict(list)
        for stream in streams:
            by_effect[stream.kind.effect].append(stream)
        for effect, each in sorted(by_effect.items()):
            for within in (10.0, 3.0) if effect == 0.10 else (10.0,):
                cases = []
                for stream in each:
                    key = (id(stream), within)
                    if key not in replayed:
                        replayed[key] = list(draw(stream, rule, within))
                    cases += replayed[key]
                if cases:
                    rows.append(summarised(group, effect, within, cases))
                    print(line(rows[-1]), flush=True)
    return rows, [c for (_, within), cases in replayed.items() if within == 10.0 for c in cases]


def by_stream(streams: Sequence[Stream]) -> list[dict[str, Any]]:
    """What was recorded, a line a kind: how much, how noisy, and the difference that its pairs together show."""
    kinds: dict[str, list[Stream]] = defaultdict(list)
    for stream in streams:
        kinds[stream.kind.name].append(stream)
    return [
        {
            "kind": name,
            "sittings": len(each),
            "pairs": sum(len(s.base) for s in each),
            "body_ms": 1e3 * float(np.median(np.concatenate([s.base for s in each]))),
            "pair_ms": 1e3 * sum(float(s.ended[-1]) for s in each) / sum(len(s.base) for s in each),
            "sd": [round(noise(s)[0], 4) for s in each],
            "robust_sd": [round(noise(s)[1], 4) for s in each],
            "autocorrelation": [round(lag1_autocorrelation(s.differences), 3) for s in each],
            "difference": [round(math.expm1(hodges_lehmann(s.differences[:1500])), 5) for s in each],
        }
        for name, each in sorted(kinds.items())
    ]


# ------------------------------------------------------------------------------------------------- peers


def peer_rows(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """How often each tool calls new slower, on the pairs that ours took and on the first 20 of them.

    Only comparisons of quiet streams that took at least 20 pairs; ours stands beside them on the same.
    """
    rows = []
    for group, wanted in (
        ("robust sd at most 8 %", lambda s: not s.kind.neighbour and s.kind.body in BODIES and noise(s)[1] <= 0.08),
        ("all processor work", lambda s: not s.kind.neighbour and s.kind.body in BODIES),
        ("bursty neighbour", lambda s: s.kind.neighbour),
    ):
        chosen = {id(c.stream) for c in cases if wanted(c.stream)}
        of_group = [c for c in cases if id(c.stream) in chosen]
        for effect in sorted({c.stream.kind.effect for c in of_group}):
            each = [c for c in of_group if c.stream.kind.effect == effect]
            ours = sum(c.verdict is Verdict.REGRESSION for c in each)
            rows.append(peer_row(group, effect, "workbench", "as many as it takes", ours, len(each)))
            for name, slower in PEERS.items():
                for how, hits in peer_hits(slower, each).items():
                    rows.append(peer_row(group, effect, name, how, sum(hits), len(hits)))
    return rows


def peer_hits(slower: Callable[..., bool], cases: Sequence[Case]) -> dict[str, list[bool]]:
    """The tool's answers by what it was given; a stored baseline is base's samples of another sitting."""
    hits: dict[str, list[bool]] = {"20 pairs": [], "our pairs": [], "20, stored baseline": []}
    for case in cases:
        base, new = (side[case.start : case.start + PEER_PAIRS] for side in (case.stream.base, case.stream.new))
        hits["20 pairs"].append(slower(base, new))
        most = slice(case.start, case.start + max(case.pairs, PEER_PAIRS))
        hits["our pairs"].append(slower(case.stream.base[most], case.stream.new[most]))
        stored = stored_baseline(case, cases)
        if stored is not None:
            hits["20, stored baseline"].append(slower(stored.base[:PEER_PAIRS], new))
    return {how: answers for how, answers in hits.items() if answers}


def stored_baseline(case: Case, cases: Sequence[Case]) -> Stream | None:
    """Another sitting of the same kind, the same one every time."""
    others = {id(c.stream): c.stream for c in cases if c.stream.kind == case.stream.kind}
    others.pop(id(case.stream))
    if not others:
        return None
    number = zlib.crc32(f"{case.start}".encode()) % len(others)
    return list(others.values())[number]


def peer_row(group: str, effect: float, tool: str, given: str, hits: int, trials: int) -> dict[str, Any]:
    low, high = clopper_pearson(hits, trials)
    row = {"group": group, "effect": effect, "tool": tool, "given": given, "comparisons": trials}
    return {**row, "slower": hits / trials, "low": low, "high": high}


# ------------------------------------------------------------------------------------------------- power


def power(rule: Rule, trials: int, seed: int) -> list[Row]:
    """Simulated pairs: normal log ratios of a given standard deviation, no time limit, all the pairs a rule has."""
    rows = []
    for number, (sd, effect) in enumerate((s, e) for s in POWER_SD for e in POWER_EFFECTS):
        rng = np.random.default_rng([seed, number])
        found: Counter[Verdict] = Counter()
        pairs = []
        for _ in range(trials):
            new = np.exp(math.log1p(effect) + sd * rng.standard_normal(rule.budget))
            stream = Stream(Kind("simulated", effect), np.ones(rule.budget), new, np.zeros(rule.budget))
            case = compare(stream, 0, rule, math.inf)
            found[case.verdict] += 1
            pairs.append(case.pairs)
        rows.append(tabulated(f"{sd:.0%}", effect, math.inf, found, pairs, []))
        print(line(rows[-1]), flush=True)
    return rows


# ------------------------------------------------------------------------------------------------- requirements


def requirements(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Each bar with what was measured; None where nothing was recorded for it."""
    quiet = ("sd at most 8 %", "robust sd at most 8 %")
    wanted: list[tuple[str, str, float, float, str, float, bool]] = [
        *((f"{group}: false alarms on equal code", group, 0.0, 10, "wrong", 0.01, False) for group in quiet),
        *((f"{group}: false PASS at +5 %", group, 0.05, 10, "wrong", 0.01, False) for group in quiet),
        *((f"{group}: +5 % found within 10 s", group, 0.05, 10, "regression", 0.95, True) for group in quiet),
        *((f"{group}: equal code passed within 10 s", group, 0.0, 10, "ok", 0.80, True) for group in quiet),
        *((f"{group}: +10 % found within 3 s", group, 0.10, 3, "regression", 0.99, True) for group in quiet),
        ("heavy-tailed waits: +25 % found within 10 s", "heavy-tailed waits", 0.25, 10, "regression", 0.95, True),
        ("heavy-tailed waits: false PASS at +5 %", "heavy-tailed waits", 0.05, 10, "wrong", 0.01, False),
        ("bursty neighbour: false alarms on equal code", "bursty neighbour", 0.0, 10, "wrong", 0.01, False),
        (f"{SIMULATED}: false alarms on equal code", "8%", 0.0, math.inf, "wrong", 0.01, False),
        (f"{SIMULATED}: false PASS at +5 %", "8%", 0.05, math.inf, "wrong", 0.01, False),
        (f"{SIMULATED}: +5 % found", "8%", 0.05, math.inf, "regression", 0.95, True),
        (f"{SIMULATED}: equal code passed", "8%", 0.0, math.inf, "ok", 0.80, True),
    ]
    return [requirement(rows, *each) for each in wanted]


def requirement(
    rows: Sequence[Row], name: str, group: str, effect: float, within: float, what: str, limit: float, least: bool
) -> dict[str, Any]:
    row = next((r for r in rows if (r.group, r.effect, r.within_s) == (group, effect, within)), None)
    said: dict[str, Any] = {"name": name, "limit": limit, "at_least": least}
    if row is None:
        return {**said, "measured": None, "met": None}
    rate = row.passed + row.improvement if what == "ok" else float(getattr(row, what))
    low, high = clopper_pearson(round(rate * row.comparisons), row.comparisons)
    met = rate >= limit if least else rate <= limit
    return {**said, "measured": rate, "low": low, "high": high, "comparisons": row.comparisons, "met": met}


def line(r: Row) -> str:
    """The row as a line of the printed table."""
    kind = f"{r.group:<24}{r.effect:>+5.0%} {r.within_s:>4.0f} s {r.comparisons:>6}  "
    wrong = f"{r.wrong:>6.2%} ({r.wrong_low:.2%}–{r.wrong_high:.2%})"
    verdicts = f"{r.regression:>6.1%} {r.passed:>6.1%} {r.improvement:>5.1%} {r.inconclusive:>7.1%}"
    return f"{kind}{wrong}".ljust(70) + f"{verdicts} {r.median_pairs:>5.0f} {r.median_seconds:>6.2f}"


HEAD = (
    "group                  effect within  cases  wrong (95 % bounds)           "
    "REGR   PASS  IMPR  INCONCL  pairs  seconds (medians)"
)


def judged(streams: Sequence[Stream], rule: Rule, trials: int, seed: int) -> dict[str, Any]:
    """The whole document."""
    print(HEAD)
    rows, cases = rows_of(groups(with_scaled(streams)), rule)
    peers = peer_rows(cases)
    for row in peers:
        print(f"{row['group']:<24}{row['effect']:>+5.0%} {row['tool']:<26}{row['given']:<22}{row['slower']:>7.2%}")
    curve = power(rule, trials, seed)
    bars = requirements([*rows, *curve])
    for bar in bars:
        said = "not recorded" if bar["measured"] is None else f"{bar['measured']:.2%}"
        word = {None: "–", True: "met", False: "MISSED"}[bar["met"]]
        print(f"{bar['name']:<60} {said:>12} ({'≥' if bar['at_least'] else '≤'} {bar['limit']:.0%}) {word}")
    machine = asdict(environment())
    return {
        "environment": {**{name: machine[name] for name in ("cpu", "cores", "os", "python")}, "seed": seed},
        "rule": {**asdict(rule), "ignored_counts": sorted(rule.ignored_counts)},
        "streams": by_stream(streams),
        "rows": [asdict(row) for row in rows],
        "peers": peers,
        "power": [asdict(row) for row in curve],
        "requirements": bars,
    }


def finite(value: Any) -> Any:
    """The document without NaN and infinity, which JSON has not."""
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Record, or judge what was recorded; 1 where a requirement is missed, 3 where none could be judged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", nargs="?", choices=("record", "judge"), default="judge")
    parser.add_argument("--minutes", type=float, default=8.0, help="how long to record")
    parser.add_argument("--set", dest="kinds", choices=list(SETS), default="quiet", help="what to record")
    parser.add_argument("--streams", type=Path, default=STREAMS, help="folder of the recorded sittings")
    parser.add_argument("--trials", type=int, default=1000, help="simulated comparisons a point of the power curve")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("-o", "--output", type=Path, default=RESULTS, help="where the results go, as JSON")
    chosen = parser.parse_args(arguments)
    if chosen.step == "record":
        parallel = 5 if chosen.kinds == "io" else 1  # who only waits disturbs nobody
        seconds = LONG_SITTING_S if chosen.kinds in ("equal", "neighbour") else SITTING_S
        record(SETS[chosen.kinds], chosen.streams, chosen.minutes, seconds, seed=chosen.seed, parallel=parallel)
        return 0
    document = judged(load(chosen.streams), Rule(), chosen.trials, chosen.seed)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(finite(document), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    met = [bar["met"] for bar in document["requirements"]]
    return 1 if False in met else 3 if True not in met else 0


if __name__ == "__main__":
    sys.exit(main())
