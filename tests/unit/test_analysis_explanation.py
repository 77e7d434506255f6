"""What explains a difference, and what is said where nothing does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_runs import session_report

from workbench.analysis.causes import Cause, sampled_time
from workbench.analysis.explanation import explained_by, own_cause, told_functions, unexplained
from workbench.analysis.summary import sentence
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.cli.compare import print_functions
from workbench.experiment.explain import MOST_SAMPLED_ROUNDS, sampling_sweeps, shows
from workbench.model import Comparison, Frame, FunctionChange, Round, RoundKind, Run, Verdict, utc_now
from workbench.reporting.comparing import comparison_section
from workbench.statistics import Estimate

OWN = Frame("shop/db.py", "list_orders")
IN_IT = Frame("shop/db.py", "list_orders.<locals>.<listcomp>")
LIBRARY = [Frame("<site>/orm.py", f"step_{n}") for n in range(5)]
SLOWER = Estimate(1.4, 1.3, 1.5, 15, True, label="95 %")


def change(frame: Frame, base: float, new: float, told: str = "") -> FunctionChange:
    return FunctionChange(frame, base, new, base, new, low=new - base, high=new - base, q=0.01, change=told)


def spread(points: float = 0.08) -> list[FunctionChange]:
    return [change(frame, 0.2, 0.2 + points, "grew") for frame in LIBRARY]


def comparison(*functions: FunctionChange, ci: tuple[float, float] = (1.3, 1.5)) -> Comparison:
    return Comparison("a", "b", Verdict.REGRESSION, 1.4, ci, 15, 3.0, functions=functions)


def test_mostly_is_more_than_half() -> None:
    half = [change(LIBRARY[0], 0.5, 0.71, "grew"), change(LIBRARY[1], 0.5, 0.69, "grew")]
    assert "mostly `step_0` (+21 points)" in sentence(SLOWER, 3, half)
    even = [change(LIBRARY[0], 0.5, 0.7, "grew"), change(LIBRARY[1], 0.5, 0.7, "grew")]
    assert "; spread over 2 functions, the first `step_" in sentence(SLOWER, 3, even)


def test_what_is_spread_over_a_library_is_said_of_the_users_own_function() -> None:
    own = Cause(OWN, 0.36, 0.9)
    said = sentence(SLOWER, 3, spread(), own=own)
    assert said.endswith(
        "; mostly `list_orders` (shop/db.py) with the libraries and built-ins it calls (+36 points)"
    )
    said = sentence(SLOWER, 3, spread(), own=replace(own, share=0.4))
    assert said.endswith("; spread over 5 functions, the first `step_0` (+8 points)")


def test_a_pass_and_what_was_not_tested_name_nobody() -> None:
    own = Cause(OWN, 0.36, 0.9)
    for verdict, functions in ((Verdict.PASS, spread()), (None, [FunctionChange(OWN, 0.5, 0.9, 0.5, 0.9)])):
        said = sentence(SLOWER, 3, functions, own=own, verdict=verdict)
        assert "mostly" not in said
        assert "spread" not in said


def test_functions_that_shrank_explain_no_regression(capsys: pytest.CaptureFixture[str]) -> None:
    shrank = comparison(change(LIBRARY[0], 0.3, 0.2, "shrank"), change(OWN, 0.7, 0.6))
    outweighed = comparison(change(LIBRARY[0], 0.7, 0.2, "shrank"), change(OWN, 0.1, 0.2, "grew"))
    for contradicts in (shrank, outweighed):
        assert explained_by(contradicts.functions, 1, Cause(OWN, 0.1, 1.0)) is None
        assert told_functions(contradicts) == ()
        print_functions(contradicts)
        printed = capsys.readouterr().out
        assert printed.strip() == "the sampled rounds don't show this difference: no explanation"


def test_noise_is_counted_and_not_listed() -> None:
    noise = comparison(change(OWN, 0.5, 0.6), change(LIBRARY[0], 0.5, 0.45), ci=(0.98, 1.1))
    assert told_functions(noise) == ()
    assert unexplained(noise) == "no function's change is told from noise: 2 looked at"
    untested = replace(noise, functions=(FunctionChange(OWN, 0.5, 0.6, 0.5, 0.6),))
    assert unexplained(untested) == (
        "no function's change is told from noise: 1 function looked at, in fewer than 6 sampled rounds of each side"
    )
    assert unexplained(replace(noise, functions=())) == ""


def test_only_what_is_told_is_shown_beside_a_verdict() -> None:
    told = change(OWN, 0.5, 0.9, "grew")
    found = comparison(told, change(LIBRARY[0], 0.5, 0.47))
    assert told_functions(found) == (told,)
    assert unexplained(found) == ""


def test_all_that_was_looked_at_stands_behind_a_fold() -> None:
    report = session_report()
    pair = replace(report, runs=report.runs[:2], rows=(), comparison=comparison(change(OWN, 0.5, 0.51)))
    page = comparison_section(pair, {})
    shown, _, folded = page.partition("All functions that were looked at")
    assert "list_orders" in folded.partition("</details>")[0]
    assert "No function&#x27;s change is told from noise: 1 looked at." in shown
    assert ">0.01<" in folded  # its q


def tree(weights: dict[tuple[Frame, ...], int], rounds: int = 8) -> CallTree:
    builder = CallTreeBuilder()
    for index in range(rounds):
        for number, (stack, weight) in enumerate(weights.items()):
            node = builder.node(stack)
            builder.sample(time_ns=number * 10**9, weight_ns=weight + index, node=node, round=index)
    return builder.build()


def test_time_below_a_comprehension_is_its_functions() -> None:
    below = sampled_time(tree({(OWN, IN_IT, LIBRARY[0]): 900, (OWN, LIBRARY[1]): 100}), {0: 1.0})
    own = list(below.weights.keys).index(OWN)
    assert below.weights.seconds[0, own] == pytest.approx(1000e-9)


def test_in_one_sitting_a_function_that_is_the_whole_is_told() -> None:
    """Its part of its round is the same on both sides."""
    rounds = tuple(Round(n, RoundKind.SAMPLED, n, utc_now(), {"wall": 1.0}) for n in range(8))
    run = Run("r", "s", "list_orders", utc_now(), rounds=rounds)
    before, after = tree({(OWN, LIBRARY[0]): 10**6}), tree({(OWN, IN_IT, LIBRARY[1]): 5 * 10**6})
    found = own_cause(run, run, before, after, 4.8, 5.2, one_sitting=True)
    assert found is not None
    assert found.frame == OWN
    assert found.share == pytest.approx(1.0)
    assert own_cause(run, run, before, after, 0.9, 1.1, one_sitting=True) is None
    assert own_cause(run, run, before, after, 4.8, 5.2, one_sitting=False) is None


@pytest.mark.parametrize(("after", "sampled"), [(6, MOST_SAMPLED_ROUNDS), (14, 14), (99, 2 * MOST_SAMPLED_ROUNDS)])
def test_more_is_sampled_until_the_difference_shows(after: int, sampled: int) -> None:
    taken: list[tuple[str, ...]] = []

    def shown() -> bool:
        return len(taken) >= after

    orders = sampling_sweeps(
        ("base", "new"), asked=None, verdict=Verdict.REGRESSION, timing_s=60, seed=1, shown=shown
    )
    for order in orders:
        taken += [order]
    assert len(taken) == sampled
    assert {frozenset(order) for order in taken} == {frozenset(("base", "new"))}


def test_when_sampled_rounds_show_a_difference() -> None:
    base = [1.0, 1.1, 1.0, 1.05, 1.0, 1.1, 1.02, 1.0]
    slower = [1.2 * s for s in base]
    assert shows(Verdict.REGRESSION, base, slower)
    assert not shows(Verdict.REGRESSION, slower, base)
    assert not shows(Verdict.REGRESSION, base, base)
    assert shows(Verdict.IMPROVEMENT, slower, base)
    assert shows(Verdict.PASS, slower, base)
    assert shows(Verdict.REGRESSION, slower[:3], base[:3])  # too few to tell
    assert shows(Verdict.REGRESSION, base, [0.0, *base[1:]])
