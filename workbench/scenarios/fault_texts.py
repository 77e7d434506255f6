"""The faults of a simulated service as options that are given as texts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from workbench.scenarios.option_texts import Readers, chosen, count, flag, names, number, or_none, share
from workbench.services.simulator.faults import Faults

__all__ = ["FAULTS", "faults_text", "read_faults"]

FAULTS: Readers = {
    "error_rate": share,
    "reset_rate": share,
    "slow_body_rate": share,
    "slow_body_s": number(0, 3600),
    "truncate_rate": share,
    "html_rate": share,
    "unauthorized_after": or_none(count(0)),
    "always_429": flag,
    "bad_resources": names,
}
"""How each is read; ``bad_resources`` joins several with ``+``: ``policies/3+scripts/1``."""


def read_faults(values: Mapping[str, Any]) -> Faults:
    """The faults among the values that were read. Raises ``UsageError`` for shares that add up to more than 1."""
    return Faults(**chosen(values, FAULTS))


def faults_text(faults: Faults) -> str:
    """The faults that were asked for, ``none`` without any: a parameter of the session."""
    usual = Faults()
    given = {f.name: getattr(faults, f.name) for f in fields(Faults)}
    asked = [f"{name}={value}" for name, value in given.items() if value != getattr(usual, name)]
    return ",".join(asked) or "none"
