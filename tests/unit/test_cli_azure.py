"""The flags of ``workbench run azure``."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.cli.azure import BATCHED, take_azure_options
from workbench.errors import UsageError
from workbench.scenarios.azure.options import read_options
from workbench.scenarios.azure.scenario import AzureScan
from workbench.scenarios.base import Settings

NONE = {
    "graph": None,
    "batch_mode": False,
    "max_build_threads": None,
    "batch_size": None,
    "descriptions": False,
    "resume": False,
    "resource_limit": None,
    "no_dashboard": False,
}


def taken(scenario: str = "azure", **given: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    quiet = scenario == "azure"  # pytest -s runs in a terminal
    chosen = {**NONE, "no_dashboard": quiet, "options": given.pop("options", ()), "link": "none", **given}
    return take_azure_options(scenario, chosen), chosen


def test_flags_become_options_of_the_scenario() -> None:
    variants, chosen = taken(graph="neo4j", max_build_threads=20, resource_limit=7)
    assert variants == ()
    assert chosen == {"link": "none", "options": ("graph=neo4j", "workers=20", "resource_limit=7")}
    _, scan = read_options(dict(pair.split("=") for pair in chosen["options"]), seed=1)
    assert (scan.graph, scan.workers, scan.resource_limit) == ("neo4j", 20, 7)


def test_switches_become_options_only_where_they_are_on() -> None:
    _, chosen = taken(descriptions=True, resume=True, batch_size=20)
    assert chosen["options"] == ("batch_size=20", "descriptions=true", "resume=true")
    assert taken()[1]["options"] == ()


def test_resuming_needs_a_graph_that_outlives_the_scan() -> None:
    with pytest.raises(UsageError, match="name it with --graph"):
        AzureScan().prepare(Settings(resources=5, link="none", options={"resume": "true", "graph": "embedded"}))


def test_an_option_given_by_its_own_name_wins() -> None:
    _, chosen = taken(max_build_threads=20, options=("workers=3",))
    assert dict(pair.split("=") for pair in chosen["options"])["workers"] == "3"


def test_batch_mode_chooses_the_variants_that_batch() -> None:
    assert taken(batch_mode=True)[0] == BATCHED


def test_other_scenarios_have_no_such_flags() -> None:
    assert taken("jamf")[0] == ()
    with pytest.raises(UsageError, match=r"--graph is an option of the scenario azure, not of jamf"):
        taken("jamf", graph="neo4j")
