"""Results are equal by content, whatever they are kept in, and unknown where they show none."""

import math
from typing import Any

import numpy as np
import pytest

from workbench.errors import ResultsDiffer
from workbench.experiment.contents import first_difference, outline
from workbench.experiment.results import ANOTHER_RESULT, FirstResult, Results, require_equal, result_digest
from workbench.scenarios.base import Failure, Outcome


class _Abbreviated:
    def __repr__(self) -> str:
        return "Frame(rows=[1, 2, ..., 9])"


def test_arrays_of_objects_count_by_content_and_not_by_address() -> None:
    first, second = ["".join(["po", "licy"]), 3], ["".join(["pol", "icy"]), 3]
    assert first[0] is not second[0]
    assert result_digest(np.array(first, dtype=object)) == result_digest(np.array(second, dtype=object))
    assert result_digest(np.array(first, dtype=object)) != result_digest(np.array(["policy", 4], dtype=object))


def test_what_shows_only_a_part_of_its_content_is_unknown() -> None:
    assert result_digest(_Abbreviated()) == ""
    assert result_digest(object()) == ""
    assert result_digest("a text with ... in it") != ""


class _Closed:
    """Loaded later: until then nothing can be asked of it."""

    def __len__(self) -> int:
        raise ValueError("not open")

    def __repr__(self) -> str:
        return "Closed()"


class _Unprintable:
    def __repr__(self) -> str:
        raise ValueError("not open")


@pytest.mark.parametrize(
    "value",
    [str, dict, np.ndarray, np.float64, _Closed(), math.factorial(2000)],
    ids=lambda value: type(value).__name__,
)
def test_classes_lengths_that_raise_and_long_numbers_are_results(value: Any) -> None:
    for held in (value, [value], {"type": value}):
        assert result_digest(held) != ""
        assert outline(held)
        said = first_difference(outline(held), outline([1, 2, 3]))
        assert " against list of 3" in said or "list of 1 against" in said
    assert "int of 19,053 bits against" in first_difference(outline([math.factorial(2000)]), outline([1]))
    assert first_difference(outline({10**5000: 1}), outline({10**5000: 2})) == (
        "at result[int of 16,610 bits]: 1 against 2"
    )
    assert result_digest(math.factorial(2000)) != result_digest(math.factorial(2000) + 1)


def test_a_result_whose_own_code_raises_shows_no_content() -> None:
    assert result_digest([_Unprintable()]) == ""
    assert outline([_Unprintable()]) == ()


def test_what_holds_itself_or_is_nested_too_deep_is_unknown() -> None:
    itself: list[object] = []
    itself.append(itself)
    deep: object = ()
    for _ in range(5_000):
        deep = (deep,)
    assert result_digest(itself) == ""
    assert result_digest({"value": deep}) == ""


@pytest.mark.parametrize(
    ("base", "new", "where"),
    [
        ({"rows": [{"total": 12.5}, {"total": 1}]}, {"rows": [{"total": 12.5}, {"total": 2}]},
         "at result['rows'][1]['total']: 1 against 2"),
        ([1, 2, 3], [1, 2], "at result: list of 3 against list of 2"),
        ({"a": 1}, {"b": 1}, "at result: mapping of 1 on both sides, of other content"),
        (["Ada Lovelace"], ["Grace Hopper"],
         "at result[0]: text of 12 characters on both sides, of other content"),
        ({"ada@example.com": True}, {"ada@example.com": False},
         "at result[key 1: text of 15 characters]: True against False"),
        (b"hunter2", "hunter2", "at result: bytes of 7 against text of 7 characters"),
        ({"x", "y"}, {"x", "z"}, "at result: set of 2 on both sides, of other content"),
        (np.array([1.0, 2.0]), np.array([1.0, 3.0]), "at result: ndarray of float64, shape (2,) on both sides"),
        ([0] * 30_000 + [1], [0] * 30_000 + [2], "their first 20,000 parts are equal"),
        ((1, 2), [1, 3], "at result[1]: 2 against 3"),
        (None, 0, "at result: None against 0"),
        (object(), 0, ""),
    ],
)  # fmt: skip
def test_where_results_differ_is_told_without_what_they_say(base: Any, new: Any, where: str) -> None:
    said = first_difference(outline(base), outline(new))
    assert said.startswith(where)
    assert bool(said) == bool(where)
    assert not {word for word in ("Ada", "Grace", "ada@", "hunter2", "'x'") if word in said}
    assert len(said) < 250


def test_a_path_is_bounded() -> None:
    deep: tuple[Any, Any] = (1, 2)
    for _ in range(200):
        deep = ({"level": deep[0]}, {"level": deep[1]})
    said = first_difference(outline(deep[0]), outline(deep[1]))
    assert said.startswith("at result['level']")
    assert said.endswith("['level']: 1 against 2")
    assert len(said) < 150


def test_only_the_first_result_and_what_differs_from_it_have_an_outline() -> None:
    results = Results()
    first, same, other = (results.outcome(value, {}) for value in ([1, 2], [1, 2], [1, 3]))
    assert first.outline
    assert not same.outline
    with pytest.raises(ResultsDiffer, match=r"a and b return different results \(at result\[1\]: 2 against 3\)"):
        require_equal(("a", first), ("b", other))


def test_a_side_that_returns_something_else_is_told_once_and_for_all() -> None:
    results, first = Results(), FirstResult()
    same, other = (results.outcome(value, {}) for value in ([1, 2], [1, 3]))
    assert [first.add(each) for each in (Outcome("", {}), same, same)] == ["", "", ""]
    assert first.add(Outcome("another", {}, (Failure("job", "timed out"),))) == ""
    told = first.add(other)
    assert told.startswith(f"{ANOTHER_RESULT} (at result[1]: 2 against 3): it is random, or ")
    assert told.endswith("setup_NAME (--different-results compares them all the same)")
    assert first.add(same) == first.differs == told
