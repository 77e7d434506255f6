"""Moving code in memory: the same function elsewhere, its callees with it, and everything back at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from workbench.analysis.verdict import Rule
from workbench.capture.samplers import SamplerSpec
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.compare import CompareSettings, compare_live
from workbench.experiment.placement import CodePlacement, reachable_functions
from workbench.experiment.targets import CallableTarget


def closing(step: int) -> Callable[[int], int]:
    def add(value: int) -> int:
        def twice() -> int:
            return 2 * (value + step)

        return twice()

    return add


def nested(code: CodeType) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType))


def test_code_moves_with_what_it_holds_and_does_the_same() -> None:
    add = closing(3)
    assert isinstance(add, FunctionType)
    before = add.__code__
    placement = CodePlacement([add])
    seen = [before]
    for _ in range(3):
        placement.renew()
        assert add(4) == 14
        assert all(add.__code__ is not code for code in seen)
        assert nested(add.__code__) is not nested(seen[-1])
        assert add.__code__ == before  # equal, elsewhere
        seen.append(add.__code__)
    placement.restore()
    assert add.__code__ is before


def helper(text: str) -> str:
    return json.dumps(text)


@lru_cache
def cached(text: str) -> str:
    return helper(text)


class Base:
    def inherited(self) -> str:
        return deep()


def deep() -> str:
    return "deep"


class Renderer(Base):
    @property
    def name(self) -> str:
        return "renderer"

    @staticmethod
    def plain() -> int:
        return 1

    def render(self) -> str:
        return cached(self.name)


RENDERER = Renderer()


def work() -> list[str]:
    return [RENDERER.render() for _ in range(2)]


def test_callees_are_found_by_name_and_only_the_users_own() -> None:
    names = {function.__qualname__ for function in reachable_functions(work)}
    assert names == {
        "work",
        "Base.inherited",
        "deep",
        "Renderer.name",
        "Renderer.plain",
        "Renderer.render",
        "cached",
        "helper",
    }
    assert reachable_functions(json.dumps) == []
    assert reachable_functions(len) == []


def test_functions_that_mention_each_other_are_found_once() -> None:
    space: dict[str, Any] = {}
    exec(
        compile("def a(n):\n    return n and b(n - 1)\ndef b(n):\n    return n and a(n - 1)\n", "ab.py", "exec"),
        space,
    )
    assert sorted(f.__name__ for f in reachable_functions(space["a"])) == ["a", "b"]


def test_a_sibling_modules_functions_move_with_the_target(tmp_path: Path) -> None:
    (tmp_path / "shelf.py").write_text("def count():\n    return 7\n")
    (tmp_path / "app.py").write_text("import shelf\ndef load():\n    return shelf.count()\n")
    workload = FunctionWorkload(tmp_path / "app.py", "load")
    try:
        function = workload._function
        assert isinstance(function, FunctionType)
        count = function.__globals__["shelf"].count
        before = (function.__code__, count.__code__)
        workload.move()
        assert function.__code__ is not before[0]
        assert count.__code__ is not before[1]
        assert function() == 7
    finally:
        workload.close()
    assert (function.__code__, count.__code__) == before
    assert function.__code__ is before[0]


PLACES: set[int] = set()
KEPT: list[CodeType] = []


def body() -> int:
    code = sys._getframe().f_code
    if id(code) not in PLACES:
        PLACES.add(id(code))
        KEPT.append(code)  # so that no other gets its id
    return sum(range(20_000))


def same() -> int:
    return sum(range(20_000))


def test_a_comparison_times_code_in_several_places_and_leaves_it_where_it_was() -> None:
    before = body.__code__
    settings = CompareSettings(sampler=SamplerSpec(name="none"))
    base, new = CallableTarget(body, "body"), CallableTarget(same, "same")
    result = compare_live(base, new, settings=settings, rule=Rule(looks=(16,)), max_seconds=60.0)
    assert result.comparison.pairs == 16
    assert len(PLACES) == 4  # at first, and after 5, 10 and 15 pairs
    assert body.__code__ is before
