"""Equal functions of two compared files: which frames are one, and what they are called then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sample_runs import run as sample_run

from workbench.analysis.functions import function_changes
from workbench.analysis.pairing import paired_trees
from workbench.calltree import CallTree, tree_from_stacks
from workbench.experiment.compare import compare_runs
from workbench.model import Frame, Recording, Run, Session, utc_now
from workbench.store import Store
from workbench.views.diff import DiffSide, diff_of

LIBRARY = Frame("<site>/lib.py", "work")


def named(name: str, session: str = "one", scenario: str = "") -> Run:
    return replace(sample_run("", [0.01]), name=name, session_id=session, scenario=scenario, variant="", rounds=())


def tree(*stacks: tuple[str, ...]) -> CallTree:
    """``file:function`` from the root, 10 ms each."""
    return tree_from_stacks([(tuple(Frame(*text.split(":", 1)) for text in stack), 10_000_000) for stack in stacks])


def called(found: CallTree | None) -> list[str]:
    assert found is not None
    return [f"{frame.file}:{frame.function}" for frame in found.frames]


@pytest.mark.parametrize(
    ("targets", "base", "new", "both"),
    [
        (("old.py", "new.py"), ("old.py:<module>", "old.py:f"), ("new.py:<module>", "new.py:f"),
         ["old.py → new.py:<module>", "old.py → new.py:f"]),
        (("jobs.py:before", "jobs.py:after"), ("jobs.py:before", "jobs.py:before.<locals>.<genexpr>"),
         ("jobs.py:after", "jobs.py:after.<locals>.<genexpr>"),
         ["jobs.py:before → after", "jobs.py:before.<locals>.<genexpr> → after.<locals>.<genexpr>"]),
        (("a.py:old", "b.py:new"), ("a.py:old", "a.py:shared"), ("b.py:new", "b.py:shared"),
         ["a.py → b.py:old → new", "a.py → b.py:shared"]),
        (("v1/app.py:f", "v2/app.py:f"), ("v1/app.py:f", "v1/lib/parts.py:g"), ("v2/app.py:f", "v2/lib/parts.py:g"),
         ["v1/app.py → v2/app.py:f", "v1/lib/parts.py → v2/lib/parts.py:g"]),
        # callables of a notebook have a name only; their stacks tell the file
        (("base", "new"), ("<cell>:base", "<cell>:shared"), ("<cell>:new", "<cell>:shared"),
         ["<cell>:base → new", "<cell>:shared"]),
        (("f", "f"), ("one.py:f",), ("two.py:f",), ["one.py → two.py:f"]),
        # scripts of two folders, by the names they have by themselves
        (("old.py", "new.py"), ("a/old.py:<module>", "a/old.py:f"), ("b/new.py:<module>", "b/new.py:f"),
         ["a/old.py → b/new.py:<module>", "a/old.py → b/new.py:f"]),
        (("old.py", "weekly"), ("a/old.py:<module>", "a/old.py:f"), ("b/new.py:<module>", "b/new.py:f"),
         ["a/old.py → b/new.py:<module>", "a/old.py → b/new.py:f"]),
        # scripts recorded under names of their own
        (("nightly", "weekly"), ("old.py:<module>", "old.py:f"), ("new.py:<module>", "new.py:f"),
         ["old.py → new.py:<module>", "old.py → new.py:f"]),
    ],
)  # fmt: skip
def test_equal_functions_become_one(
    targets: tuple[str, str], base: tuple[str, ...], new: tuple[str, ...], both: list[str]
) -> None:
    pair = paired_trees(named(targets[0]), named(targets[1]), tree(base), tree(new))
    assert called(pair[0]) == called(pair[1]) == both


@pytest.mark.parametrize(
    ("base_run", "new_run", "base", "new"),
    [
        # the same target in two versions: its functions are the same already
        (named("app.py:f"), named("app.py:f"), ("app.py:f", "app.py:old"), ("app.py:f", "app.py:new")),
        # what both sides call is itself on both, also where the new function wraps the old one
        (named("a.py:f"), named("a.py:g"), ("a.py:f",), ("a.py:g", "a.py:f")),
        # other files may have equal names too, and mean nothing by it
        (named("a.py"), named("b.py"), ("other/x.py:f",), ("another/x.py:f",)),
        # names that are no files, of different sessions or of a case study
        (named("f", "one"), named("g", "two"), ("m.py:f",), ("m.py:g",)),
        (named("f", "one"), named("g", "two"), ("a.py:main", "a.py:f"), ("b.py:main", "b.py:f")),
        (named("jamf:naive", scenario="jamf"), named("jamf:pooled", scenario="jamf"), ("a.py:f",), ("b.py:f",)),
    ],
)
def test_what_is_not_the_same_stays_as_it_is(
    base_run: Run, new_run: Run, base: tuple[str, ...], new: tuple[str, ...]
) -> None:
    before, after = tree(base), tree(new)
    pair = paired_trees(base_run, new_run, before, after)
    assert (called(pair[0]), called(pair[1])) == (called(before), called(after))


def test_two_functions_of_one_name_are_not_guessed() -> None:
    twice = tree_from_stacks([((Frame("old.py", "f", line),), 5) for line in (3, 9)])
    once = tree(("new.py:f",))
    assert called(paired_trees(named("old.py"), named("new.py"), twice, once)[1]) == ["new.py:f"]


def test_a_shared_callee_has_not_moved_and_nothing_is_gone() -> None:
    base, new = (tree((f"two.py:{name}", "two.py:callee"), (f"two.py:{name}",)) for name in ("base", "slow"))
    runs = named("two.py:base"), named("two.py:slow")
    before, after = paired_trees(*runs, base, new)
    assert before is not None and after is not None
    assert {c.frame.function: (c.base_seconds, c.new_seconds) for c in function_changes(before, after)} == {
        "base → slow": (0.01, 0.01),
        "callee": (0.01, 0.01),
    }
    union = diff_of(DiffSide(runs[0], base), DiffSide(runs[1], new))
    assert not union.vanished().any() and not union.appeared().any()


def test_stored_comparisons_pair_and_keep_the_names(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb")
    session = Session("261123-000000-00000001", "compare", utc_now())
    runs = [
        replace(named(name, session.session_id), run_id=f"261123-000000-0000000{number}")
        for number, name in enumerate(("old.py:main", "new.py:main"), 2)
    ]
    trees = tree(("old.py:main", "old.py:f")), tree(("new.py:main", "new.py:f"), ("new.py:main",))
    store.save(session, [Recording(run, of_run) for run, of_run in zip(runs, trees, strict=True)])
    comparison = compare_runs(store, runs[0].run_id, runs[1].run_id, force=True)
    store.save_comparison(session.session_id, comparison)
    (kept,) = store.comparisons(session.session_id)
    assert {c.frame for c in kept.functions} == {Frame("old.py → new.py", name) for name in ("main", "f")}
