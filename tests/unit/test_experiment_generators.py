"""Generator functions are measured by their items, not by their creation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from workbench.errors import ScenarioError, UsageError
from workbench.experiment import generators
from workbench.experiment.callables import CallableWorkload
from workbench.experiment.generators import refuse_generator
from workbench.experiment.results import result_digest
from workbench.experiment.sized import SizedFunction


def items() -> Iterator[int]:
    yield from range(50)


async def async_items() -> AsyncIterator[int]:
    for item in range(50):
        yield item


def expression() -> Iterator[int]:
    return (item for item in range(50))


@pytest.mark.parametrize("function", [items, async_items, expression])
def test_a_generator_is_exhausted_in_every_call(function: object) -> None:
    workload = CallableWorkload(function)  # type: ignore[arg-type]
    try:
        workload.calibrate(0.0)
        for _ in range(2):
            workload.setup()
            value = workload.run()
            value = workload.runner.run(value) if workload.runner else value
            assert workload.finish(value).digest == result_digest(list(range(50)))
    finally:
        workload.close()


def test_a_generator_of_a_size_is_exhausted() -> None:
    workload = SizedFunction(lambda n: (i for i in range(n)), 7, None)
    workload.setup()
    assert workload.finish(workload.run()).digest == result_digest(list(range(7)))


def test_an_endless_generator_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    monkeypatch.setattr(generators, "MOST_ITEMS", 1000)
    with pytest.raises(ScenarioError, match="yielded 1,000 items and goes on"):
        CallableWorkload(endless).calibrate(0.0)


def test_a_test_says_how_to_profile_a_generator() -> None:
    with pytest.raises(UsageError, match=r"profiled\(lambda: list\(items\(\)\)\)"):
        refuse_generator(items, items())
    refuse_generator(list, [1])
