"""What ``import workbench as wb`` offers."""

import re

import pytest

import workbench as wb


def test_it_shows_its_public_names_and_version() -> None:
    assert wb.Store is not None  # loads a submodule, which must not show
    assert dir(wb) == sorted(wb.__all__)
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", wb.__version__)
    with pytest.raises(AttributeError):
        wb.nothing  # noqa: B018
