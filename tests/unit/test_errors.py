"""The exceptions are one page: each has its own exit code, stands in the page's table and in docs/exit-codes.md."""

import re
from pathlib import Path

from workbench import errors

ROOT = Path(__file__).parents[2]


def _classes() -> dict[str, int]:
    found = {n: getattr(errors, n) for n in errors.__all__ if isinstance(getattr(errors, n), type)}
    return {name: cls.exit_code for name, cls in found.items()}


def _table(text: str, pattern: str) -> dict[str, int]:
    return {m[1]: int(m[2]) for m in re.finditer(pattern, text, re.M)}


def test_every_exception_is_in_the_pages_table_with_its_code() -> None:
    assert _table(errors.__doc__ or "", r"^(\w+) +(\d+)  ") == _classes()


def test_every_exception_is_documented_for_users_with_its_code() -> None:
    text = (ROOT / "docs/exit-codes.md").read_text()
    assert _table(text, r"^\| `(\w+)` \| (\d+) \|") == _classes()


def test_codes_are_distinct_and_leave_compares_codes_alone() -> None:
    codes = list(_classes().values())
    assert len(codes) == len(set(codes))
    assert not {0, 1, 3} & set(codes)


def test_a_missing_extra_says_how_to_get_it() -> None:
    assert str(errors.MissingExtra("anywidget", "notebook")) == (
        "anywidget is not installed: pip install 'workbench[notebook]'"
    )
