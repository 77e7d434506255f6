"""Stored runs: pairs of one session, advisory across sessions, refused where nothing could be meant."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from workbench.calltree import CallTreeBuilder, tree_from_stacks
from workbench.errors import NotComparable, RunNotFound
from workbench.experiment.compare import compare_runs, comparison_json, exit_code
from workbench.model import Environment, Frame, Recording, Round, RoundKind, Run, Sampler, Scalar, Session, Verdict
from workbench.store import Store

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENVIRONMENT = Environment(python="3.11.7", implementation="CPython", cores=2, machine="m" * 16)
SAMPLER = Sampler("pyinstrument", "5.1.1", 1_000_000, "wall", "async")


def recording(session: str, name: str, seconds: Sequence[float], requests: float, own_ms: int) -> Recording:
    counted = {"requests": requests}
    sampled = Round(0, RoundKind.SAMPLED, 0, NOW, {"wall": 1.0, **counted})  # the tree's samples are of round 0
    timed = [Round(i, RoundKind.TIMING, i, NOW, {"wall": s, **counted}) for i, s in enumerate(seconds, 1)]
    run = Run(
        f"{session}-{name}",
        session,
        f"jamf:{name}",
        NOW,
        scenario="jamf",
        variant=name,
        sampler=SAMPLER,
        rounds=(sampled, *timed),
    )
    stacks = [((Frame("app.py", "main"), Frame("app.py", "fetch")), own_ms * 1_000_000)]
    return Recording(run, tree_from_stacks(stacks))


def save(
    store: Store,
    session: str,
    runs: dict[str, Sequence[float]],
    *,
    kind: str = "scenario",
    environment: Environment = ENVIRONMENT,
    days: int = 0,
    parameters: Mapping[str, Scalar] | None = None,
) -> None:
    started = NOW + timedelta(days=days)
    made = Session(session, kind, started, "jamf", dict(parameters or {"scale": "small", "seed": 1}), environment)
    recordings = [
        recording(session, name, seconds, requests=10.0 + i, own_ms=100 + 50 * i)
        for i, (name, seconds) in enumerate(runs.items())
    ]
    store.save(made, recordings)


def test_three_rounds_are_a_measurement_and_no_verdict(store: Store) -> None:
    save(store, "ladder", {"naive": [8.0, 10.0, 12.0], "best": [1.0, 1.0, 1.0]})
    comparison = compare_runs(store, "ladder-naive", "ladder-best")
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert exit_code(comparison) == 3
    assert not comparison.advisory
    assert comparison.ci == pytest.approx((1 / 12, 1 / 8))
    assert comparison.counts["requests"] == (10.0, 11.0)
    assert "faster (range 8 to 12×), 3 pairs" in comparison.sentence
    assert "requests 10 → 11" in comparison.sentence


def test_eight_rounds_of_one_session_are_enough_for_large_differences(store: Store) -> None:
    save(store, "ladder", {"naive": [1.0] * 8, "best": [0.5, 0.52, 0.51, 0.49, 0.5, 0.53, 0.5, 0.51]})
    assert compare_runs(store, "ladder-naive", "ladder-best").verdict is Verdict.IMPROVEMENT
    back = compare_runs(store, "ladder-best", "ladder-naive")
    assert back.verdict is Verdict.REGRESSION
    assert exit_code(back) == 1


def test_a_comparison_is_judged_again_by_the_rule_it_was_measured_with(store: Store) -> None:
    rule = {"max_regression": 0.3, "regression": 0.1, "improvement": 0.01, "alpha": 0.01, "max_pairs": 15}
    slower = [1.05 + 0.001 * i for i in range(15)]
    save(store, "old", {"a": [1.0] * 15, "b": slower}, kind="compare")
    save(
        store,
        "own",
        {"a": [1.0] * 15, "b": slower},
        kind="compare",
        parameters={**rule, "ignored_counts": "requests"},
    )
    assert compare_runs(store, "old-a", "old-b").verdict is Verdict.REGRESSION
    assert compare_runs(store, "own-a", "own-b").verdict is Verdict.PASS


def sampled(session: str, name: str, factor: float, seed: int) -> Recording:
    """Ten sampled rounds of a function of the user's that calls a library, and of another; all times ``factor``."""
    rng = np.random.default_rng(seed)
    builder = CallTreeBuilder()
    orders = Frame("shop/db.py", "list_orders")
    stacks = [(orders, Frame("<site>/orm.py", f"step_{n}")) for n in range(5)]
    rounds = []
    for index in range(10):
        for number, stack in enumerate((*stacks, (Frame("shop/pages.py", "render"),))):
            weight = round(1e8 * factor * rng.lognormal(0, 0.02))
            builder.sample(time_ns=number * 10**9, weight_ns=weight, node=builder.node(stack), round=index)
        rounds.append(Round(index, RoundKind.SAMPLED, index, NOW, {"wall": 0.6 * factor}))
    timed = [Round(i, RoundKind.TIMING, i, NOW, {"wall": 0.6 * factor * (1 + i / 1000)}) for i in range(10, 25)]
    run = Run(f"{session}-{name}", session, "page", NOW, sampler=SAMPLER, rounds=(*rounds, *timed))
    return Recording(run, builder.build())


def test_all_being_slower_in_another_sitting_is_no_function_s_fault(store: Store) -> None:
    base, new = sampled("one", "base", 1.0, 1), sampled("one", "new", 1.4, 2)
    store.save(Session("one", "compare", NOW, "", {}, ENVIRONMENT), [base, new])
    other = Session("other", "compare", NOW + timedelta(days=1), "", {}, ENVIRONMENT)
    store.save(other, [sampled("other", "new", 1.4, 2)])
    together = compare_runs(store, "one-base", "one-new")
    apart = compare_runs(store, "one-base", "other-new", force=True)
    assert "mostly `list_orders`" in together.sentence
    assert "list_orders" not in apart.sentence
    assert "slower" in apart.sentence


def test_runs_of_a_gate_keep_the_gates_verdict(store: Store) -> None:
    save(store, "g", {"a": [1.0] * 20, "b": [1.5] * 20}, kind="gate")
    assert compare_runs(store, "g-a", "g-b").verdict is Verdict.REGRESSION
    judged = replace(compare_runs(store, "g-a", "g-b"), verdict=Verdict.INCONCLUSIVE, sentence="as the gate said")
    store.save_comparison("g", judged)
    assert compare_runs(store, "g-a", "g-b").sentence == "as the gate said"
    assert compare_runs(store, "g-b", "g-a").verdict is Verdict.IMPROVEMENT


def test_pairs_cancel_what_moves_both(store: Store) -> None:
    drift = [1.0 * 1.5**i for i in range(8)]  # the machine slows down 17-fold meanwhile
    save(store, "s", {"a": drift, "b": [1.1 * s for s in drift]})
    comparison = compare_runs(store, "s-a", "s-b")
    assert comparison.ci == pytest.approx((1.1, 1.1))
    assert comparison.verdict is Verdict.REGRESSION


def test_functions_are_those_of_the_sampled_round(store: Store) -> None:
    save(store, "s", {"a": [1.0] * 6, "b": [1.5] * 6})
    comparison = compare_runs(store, "s-a", "s-b")
    (change,) = comparison.functions
    assert (change.frame.function, change.base_seconds, change.new_seconds) == ("fetch", 0.1, 0.15)
    assert "`fetch`" not in comparison.sentence  # one sampled round tells nothing from noise


def test_different_sessions_are_advisory_whatever_they_say(store: Store) -> None:
    save(store, "one", {"a": [1.0] * 20})
    save(store, "two", {"a": [2.0] * 20}, days=1)
    comparison = compare_runs(store, "one-a", "two-a")
    assert comparison.verdict is Verdict.REGRESSION
    assert comparison.advisory
    assert comparison.comparable
    assert exit_code(comparison) == 3


def test_what_can_mean_nothing_is_refused_unless_forced(store: Store) -> None:
    save(store, "one", {"a": [1.0] * 20})
    save(store, "two", {"a": [1.0] * 20}, environment=replace(ENVIRONMENT, python="3.12.1", cores=8), days=1)
    with pytest.raises(NotComparable, match=r"Python: .*3\.12\.1; cores: 2 against 8.*--force") as caught:
        compare_runs(store, "one-a", "two-a")
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    forced = compare_runs(store, "one-a", "two-a", force=True)
    assert not forced.comparable
    assert exit_code(forced) == 3
    assert forced.differences[0].startswith("Python")


def test_a_noted_difference_refuses_nothing(store: Store) -> None:
    save(store, "one", {"a": [1.0] * 20})
    save(store, "two", {"a": [1.0] * 20}, environment=replace(ENVIRONMENT, commit="c" * 40), days=1)
    save(store, "three", {"a": [1.0] * 20}, environment=replace(ENVIRONMENT, commit="d" * 40), days=2)
    assert compare_runs(store, "two-a", "three-a").differences == ("commit: cccccccccccc against dddddddddddd",)


def test_blocks_without_timing_rounds(store: Store) -> None:
    save(store, "one", {"a": []}, kind="block")
    save(store, "two", {"a": []}, kind="block", days=1)
    comparison = compare_runs(store, "one-a", "two-a")
    assert (comparison.ratio, comparison.pairs, comparison.verdict) == (1.0, 1, Verdict.INCONCLUSIVE)
    assert exit_code(comparison) == 3


def test_a_run_without_any_round_gives_null_and_not_nan(store: Store) -> None:
    save(store, "one", {"a": [1.0] * 6})
    run = Run("empty", "two", "empty", NOW, scenario="jamf", sampler=SAMPLER)
    store.save(Session("two", "import", NOW, "jamf", {}, Environment()), [Recording(run)])
    comparison = compare_runs(store, "one-a", "empty")
    document = json.loads(json.dumps(comparison_json(comparison), allow_nan=False))
    assert document["ratio"] is None
    assert document["ci"] == [None, None]
    assert comparison.sentence.startswith("not timed")


def test_an_unknown_run(store: Store) -> None:
    save(store, "one", {"a": [1.0] * 6})
    with pytest.raises(RunNotFound):
        compare_runs(store, "one-a", "nowhere")
