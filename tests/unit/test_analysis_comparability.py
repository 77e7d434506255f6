"""What makes two runs incomparable, what is merely noted, and what is neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workbench.analysis.comparability import Difference, differences, fatal, unrelated_programs
from workbench.calltree import CallTree, tree_from_stacks
from workbench.model import Environment, Frame, Run, Sampler, Session, Status

NOW = datetime(2026, 1, 2, tzinfo=UTC)
SAMPLER = Sampler("pyinstrument", "5.1.1", 1_000_000, "wall", "async")
ENVIRONMENT = Environment(
    commit="a" * 40,
    python="3.11.7",
    implementation="CPython",
    packages={"httpx": "0.28.1"},
    os="Linux",
    cpu="some CPU",
    cores=2,
    machine="m" * 32,
    power="performance",
    workbench="0.1.0",
)
SESSION = Session(
    "s",
    "scenario",
    NOW,
    "jamf",
    {"dataset_digest": "d" * 64, "seed": 1, "scale": "small", "link": "cloud"},
    ENVIRONMENT,
)
RUN = Run("r", "s", "jamf:naive", NOW, scenario="jamf", variant="naive", sampler=SAMPLER)


def found(run: Run = RUN, session: Session = SESSION) -> list[Difference]:
    return differences(RUN, run, SESSION, session)


def elsewhere(**changes: Any) -> Session:
    return replace(SESSION, environment=replace(ENVIRONMENT, **changes))


def test_nothing_differs_from_itself() -> None:
    assert found() == []


def test_variants_of_one_session_are_comparable() -> None:
    assert found(replace(RUN, run_id="q", variant="optimized", name="jamf:optimized")) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"python": "3.12.1"}, "Python: CPython 3.11.7 against CPython 3.12.1"),
        ({"python": "3.11.0rc1"}, "Python: CPython 3.11.7 against CPython 3.11.0rc1"),
        ({"implementation": "PyPy"}, "Python: CPython 3.11.7 against PyPy 3.11.7"),
        ({"machine": "n" * 32}, "machine: mmmmmmmmmmmm against nnnnnnnnnnnn"),
        ({"cores": 8}, "cores: 2 against 8"),
    ],
)
def test_fatal_in_the_environment(changes: dict[str, Any], text: str) -> None:
    assert [str(d) for d in fatal(found(session=elsewhere(**changes)))] == [text]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"name": "py-spy"}, "sampler: pyinstrument against py-spy"),
        ({"interval_ns": 10_000_000}, "sampling interval: 1 ms against 10 ms"),
        ({"clock": "gil"}, "sampler's clock: wall against gil"),
        ({"mode": ""}, "sampler's mode: async against default"),
    ],
)
def test_fatal_in_the_sampler(changes: dict[str, Any], text: str) -> None:
    run = replace(RUN, sampler=replace(SAMPLER, **changes))
    assert [str(d) for d in fatal(found(run))] == [text]


@pytest.mark.parametrize("name", ["dataset_digest", "seed", "scale", "link", "resources", "concurrency_limit"])
def test_fatal_in_the_parameters(name: str) -> None:
    base = replace(SESSION, parameters={**SESSION.parameters, name: "one"})
    new = replace(SESSION, parameters={**SESSION.parameters, name: "other"})
    assert len(fatal(differences(RUN, RUN, base, new))) == 1


def test_a_limit_against_none_is_a_difference() -> None:
    base = replace(SESSION, parameters={"concurrency_limit": None})
    new = replace(SESSION, parameters={"concurrency_limit": 25})
    assert len(fatal(differences(RUN, RUN, base, new))) == 1


def test_a_parameter_of_one_side_only_is_none() -> None:
    assert found(session=replace(SESSION, parameters={})) == []


def test_other_work_is_fatal() -> None:
    assert fatal(found(replace(RUN, scenario="hr")))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"commit": "b" * 40}, "commit: aaaaaaaaaaaa against bbbbbbbbbbbb"),
        ({"dirty": True}, "commit: aaaaaaaaaaaa against aaaaaaaaaaaa with changes"),
        ({"python": "3.11.9"}, "Python: CPython 3.11.7 against CPython 3.11.9"),
        ({"packages": {"httpx": "1.0"}}, "packages: httpx 0.28.1 against 1.0"),
        ({"power": "powersave"}, "power: performance against powersave"),
        ({"os": "macOS"}, "operating system: Linux against macOS"),
    ],
)
def test_merely_noted(changes: dict[str, Any], text: str) -> None:
    everything = found(session=elsewhere(**changes))
    assert [str(d) for d in everything] == [text]
    assert not fatal(everything)


def later(session: Session = SESSION, **changes: Any) -> Session:
    """Another sitting under these parameters."""
    return replace(session, session_id="t", parameters={**session.parameters, **changes})


@pytest.mark.parametrize(
    ("base", "new", "said"),
    [
        (0.1, 3.8, ["load average at the start: 0.1 against 3.8 on 2 cores"]),
        (0.1, 0.4, []),
        (10.5, 9.6, []),
        (0.1, None, []),
        (True, "busy", []),
    ],
)
def test_another_load_at_the_start_is_noted(base: Any, new: Any, said: list[str]) -> None:
    loaded = replace(SESSION, parameters={**SESSION.parameters, "load_average": base})
    everything = differences(RUN, RUN, loaded, later(load_average=new))
    assert [str(d) for d in everything] == said
    assert not fatal(everything)


def test_within_one_sitting_the_load_is_no_difference() -> None:
    assert differences(RUN, RUN, SESSION, replace(SESSION, parameters={"load_average": 9.0})) == []


def test_a_power_mode_unknown_on_both_sides_is_no_difference() -> None:
    unknown = replace(SESSION, environment=replace(ENVIRONMENT, power="unknown"))
    assert differences(RUN, RUN, unknown, later(unknown)) == []
    assert differences(RUN, RUN, unknown, unknown) == []
    one = differences(RUN, RUN, SESSION, later(unknown))
    assert [str(d) for d in one] == ["power: performance against unknown"]


def test_another_clock_is_fatal_and_another_collector_is_noted() -> None:
    base = replace(SESSION, parameters={"clock": "wall", "collector": "between", "isolate": False})
    new = replace(SESSION, parameters={"clock": "cpu", "collector": "off", "isolate": True})
    everything = differences(RUN, RUN, base, new)
    assert [(str(d), d.fatal) for d in everything] == [
        ("clock: wall against cpu", True),
        ("isolate: False against True", False),
        ("collector: between against off", False),
    ]


def test_interrupted_run_is_noted() -> None:
    assert [str(d) for d in found(replace(RUN, status=Status.INTERRUPTED))] == ["new was interrupted"]


def test_unknown_is_no_difference() -> None:
    assert found(session=replace(SESSION, environment=Environment())) == []


def test_many_packages_are_summed_up() -> None:
    packages = {f"p{i}": "1" for i in range(9)}
    (difference,) = found(session=elsewhere(packages=packages | {"httpx": "0.28.1"}))
    assert str(difference) == "packages: p0 absent against 1, p1 absent against 1, p2 absent against 1 and 6 more"


def test_fatal_ones_come_first() -> None:
    everything = found(session=elsewhere(commit="b" * 40, cores=8))
    assert [d.fatal for d in everything] == [True, False]


def test_programs_without_anything_in_common_are_said() -> None:
    def program(*frames: Frame) -> CallTree:
        return tree_from_stacks([(frames, 1_000)])

    shared = Frame("<stdlib>/json/decoder.py", "decode")
    a, b = (program(Frame(f"{name}.py", "<module>"), Frame(f"{name}.py", f"{name}_it"), shared) for name in "ab")
    (line,) = unrelated_programs(a, b)
    assert line.startswith("programs: no file and no function of their own is in both (a.py against b.py)")
    assert not unrelated_programs(a, a)
    assert not unrelated_programs(a, program(Frame("src/other.py", "A.a_it"))), "the same function, moved"
    assert not unrelated_programs(a, program(shared)), "nothing of its own to tell by"
