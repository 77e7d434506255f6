"""What a mistyped name may have meant."""

from __future__ import annotations

import pytest

from workbench.suggestions import nearest, suggestion

KNOWN = ("naive", "pooled", "Optimized")


@pytest.mark.parametrize(
    ("text", "meant"), [("niave", "naive"), ("optimised", "Optimized"), ("POOLED", "pooled"), ("zzz", None)]
)
def test_the_nearest_name_whatever_its_case(text: str, meant: str | None) -> None:
    assert nearest(text, KNOWN) == meant


def test_a_message_ends_with_what_is_meant_and_what_there_is() -> None:
    assert suggestion("niave", KNOWN) == "; did you mean 'naive'? known: naive, pooled, Optimized"
    assert suggestion("zzz", KNOWN, listed="it has") == "; it has: naive, pooled, Optimized"
    assert suggestion("niave", KNOWN, listed="") == "; did you mean 'naive'?"
    assert suggestion("zzz", KNOWN, listed="") == suggestion("zzz", ()) == ""


def test_a_long_list_is_cut() -> None:
    assert suggestion("x", map(str, range(12))).endswith("8, 9, …")
