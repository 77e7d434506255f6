"""The cause of a change between runs: told from noise, the user's own code first, no slower machine."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.analysis.causes import Sampled, cause, sampled_time
from workbench.calltree import CallTreeBuilder
from workbench.capture.frames import INSTRUMENTATION
from workbench.model import Frame

PAGE, ROWS, RENDER = Frame("perf.py", "page"), Frame("app/db.py", "first_page"), Frame("app/view.py", "render")
KEY = Frame("<site>/sqlalchemy/sql/cache_key.py", "HasCacheKey._generate_cache_key")
EXECUTE = Frame("<site>/sqlalchemy/engine/base.py", "Connection.execute")
PLAIN = {(PAGE, ROWS): 10.0, (PAGE, ROWS, EXECUTE): 40.0, (PAGE, ROWS, EXECUTE, KEY): 20.0, (PAGE, RENDER): 100.0}
MORE_QUERIES = {**PLAIN, (PAGE, ROWS, EXECUTE): 120.0, (PAGE, ROWS, EXECUTE, KEY): 260.0}
Stack = tuple[Frame, ...]


def run(rng: np.random.Generator, means: dict[Stack, float], rounds: int = 2, machine: float = 1.0) -> Sampled:
    """Rounds of two executions each; ``machine``: how much slower it was while this run was taken."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for number in range(rounds):
        factor = 2 * machine * rng.lognormal(0, 0.05)
        for stack, mean in means.items():
            weight = int(rng.poisson(mean * factor)) * 1_000_000
            builder.sample(time_ns=0, weight_ns=weight, node=builder.node(stack), round=number)
    return sampled_time(builder.build(), dict.fromkeys(range(rounds), 2.0))


@pytest.mark.parametrize(("runs", "rounds"), [(8, 2), (1, 10)])
def test_a_query_for_each_row_is_blamed_on_the_function_that_asks(runs: int, rounds: int) -> None:
    rng = np.random.default_rng(1)
    base = [run(rng, PLAIN, rounds) for _ in range(runs)]
    new = [run(rng, MORE_QUERIES, rounds) for _ in range(runs)]
    found = cause(base, new, slower=True)
    assert found is not None
    assert found.frame == ROWS
    assert found.seconds == pytest.approx(0.32, rel=0.15)  # of one execution, with what it calls of the library
    assert 0.8 < found.share <= 1
    back = cause(new, base, slower=False)
    assert back is not None
    assert (back.frame, back.seconds) == (ROWS, -found.seconds)
    assert cause(base, new, slower=False) is None


@pytest.mark.parametrize(("runs", "rounds"), [(8, 2), (1, 10)])
def test_noise_is_seldom_blamed(runs: int, rounds: int) -> None:
    """Half of the false discoveries, which are 5 % at most, have the direction asked for."""
    rng = np.random.default_rng(2)
    sides = [[[run(rng, PLAIN, rounds) for _ in range(runs)] for _ in range(2)] for _ in range(40)]
    assert sum(cause(base, new, slower=True) is not None for base, new in sides) <= 4


def test_a_slower_machine_is_no_functions_fault() -> None:
    """Two sittings, each of rounds that resemble each other: every function takes longer, none a larger part."""
    rng = np.random.default_rng(3)
    assert cause([run(rng, PLAIN, 10)], [run(rng, PLAIN, 10, machine=1.4)], slower=True) is None


def test_the_cost_of_recording_is_no_functions_fault() -> None:
    rng = np.random.default_rng(6)
    base, new = ({**PLAIN, (PAGE, ROWS, INSTRUMENTATION): mean} for mean in (5.0, 200.0))
    assert cause([run(rng, base) for _ in range(8)], [run(rng, new) for _ in range(8)], slower=True) is None


def test_too_few_rounds_name_nobody() -> None:
    rng = np.random.default_rng(4)
    assert cause([run(rng, PLAIN, 5)], [run(rng, MORE_QUERIES, 5)], slower=True) is None
    assert cause([], [run(rng, MORE_QUERIES, 9)], slower=True) is None


def test_library_code_that_nobody_called_counts_for_itself() -> None:
    rng = np.random.default_rng(5)
    alone: dict[Stack, float] = {(EXECUTE,): 20.0, (PAGE,): 100.0}
    found = cause([run(rng, alone, 10)], [run(rng, {**alone, (EXECUTE,): 80.0}, 10)], slower=True)
    assert found is not None
    assert found.frame == EXECUTE
