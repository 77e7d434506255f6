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


WITHOUT_EXTRAS = """
import sys
from workbench.scenarios.extras import _MODULES

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in _MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from workbench.cli.main import main
main()
"""


def without_extras(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command in an installation that has nothing but the workbench."""
    command = [sys.executable, "-c", WITHOUT_EXTRAS, *words]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=60, check=False)


def test_without_extras_what_can_be_listed_is(tmp_path: Path) -> None:
    done = without_extras(tmp_path, "scenarios")
    assert (done.returncode, done.stderr) == (0, "")
    assert "jamf: Export of a Jamf Pro estate to Terraform" in done.stdout
    assert "azure: neo4j is not installed: pip install 'workbench[services]'" in done.stdout.splitlines()


def test_without_extras_a_demo_names_the_extra_and_leaves_nothing(tmp_path: Path) -> None:
    done = without_extras(tmp_path, "demo")
    assert done.returncode == 80
    lines = [line for line in done.stderr.splitlines() if line.startswith("demo: ")]
    assert [line.split(":")[1].strip() for line in lines] == ["jamf", "azure", "workflows"]
    assert all(line.endswith("is not installed: pip install 'workbench[services]'") for line in lines)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [("run", "files"), ("compare", "jamf:naive", "jamf:pooled")])
def test_without_extras_a_case_study_names_the_extra(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = without_extras(tmp_path, *words)
    assert done.returncode == 80
    assert done.stderr.splitlines()[-1].endswith("is not installed: pip install 'workbench[services]'")
