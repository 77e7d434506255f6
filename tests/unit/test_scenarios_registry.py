"""The registry of case studies, and what every scenario must offer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import UsageError
from workbench.scenarios import registry
from workbench.scenarios.base import variant_of

ROOT = Path(__file__).parents[2]


def test_an_unknown_scenario_is_named_with_the_known_ones_and_a_hint() -> None:
    with pytest.raises(UsageError, match=r"unknown scenario 'jamv'; did you mean 'jamf'\? known: .*jamf"):
        registry.get("jamv")
    with pytest.raises(UsageError, match=r"unknown scenario 'zzz'; known: "):
        registry.get("zzz")


def test_an_unknown_variant_is_named_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'jamf' has no variant 'fast'; it has: naive, pooled"):
        variant_of(registry.get("jamf"), "fast")


@pytest.mark.parametrize("name", registry.names())
def test_every_scenario_describes_its_ladder(name: str) -> None:
    scenario = registry.get(name)
    names = [variant.name for variant in scenario.variants]
    assert scenario.name == name
    assert len(set(names)) == len(names)
    assert {scenario.baseline, scenario.best, *scenario.demo} <= set(names)
    for variant in scenario.variants:
        assert (ROOT / variant.source).is_file()
        assert variant.summary and "\n" not in variant.summary


def test_the_names_are_known_without_importing_a_scenario() -> None:
    code = (
        "import sys; from workbench.scenarios import registry; registry.names();"
        "sys.exit('httpx' in sys.modules or 'workbench.scenarios.jamf.scenario' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
