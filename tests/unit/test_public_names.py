"""What ``import workbench as wb`` offers."""

import re

import pytest

import workbench as wb
from workbench.errors import UsageError


def test_it_shows_its_public_names_and_version() -> None:
    assert wb.Store is not None  # loads a submodule, which must not show
    assert dir(wb) == sorted(wb.__all__)
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", wb.__version__)
    with pytest.raises(AttributeError):
        wb.nothing  # noqa: B018


def test_comparing_functions_says_what_it_takes() -> None:
    with pytest.raises(UsageError, match=r"takes a run, its id, or a target like .*, not a function$"):
        wb.compare(test_it_shows_its_public_names_and_version, "jamf:naive")
