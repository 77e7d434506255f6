"""Results are equal by content, whatever they are kept in, and unknown where they show none."""

import numpy as np

from workbench.experiment.results import result_digest


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


def test_what_holds_itself_or_is_nested_too_deep_is_unknown() -> None:
    itself: list[object] = []
    itself.append(itself)
    deep: object = ()
    for _ in range(5_000):
        deep = (deep,)
    assert result_digest(itself) == ""
    assert result_digest({"value": deep}) == ""
