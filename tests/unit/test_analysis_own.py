"""Whom the sampled time belongs to: imports, and the nearest function of own code."""

from __future__ import annotations

from dataclasses import replace

from sample_runs import single_report

from workbench.analysis.own import own_times, under_imports, without_imports
from workbench.calltree import CallTree, tree_from_stacks
from workbench.model import Frame
from workbench.reporting.summary import summary

MS = 1_000_000
SCRIPT, MAIN, PARSE = Frame("job.py", "<module>"), Frame("job.py", "main"), Frame("job.py", "main.<locals>.parse")
FIND = Frame("<frozen importlib._bootstrap>", "_find_and_load")
LIBRARY, SETTINGS = Frame("<site>/lib/__init__.py", "<module>"), Frame("settings.py", "<module>")
LOADS, START = Frame("<stdlib>/json/__init__.py", "loads"), Frame("<stdlib>/runpy.py", "run_path")


def importing(import_ms: int = 80) -> CallTree:
    """A script that spends ``import_ms`` on imports, 15 ms in a parser and 5 ms before its own code begins."""
    return tree_from_stacks(
        [
            ((START, SCRIPT, FIND, LIBRARY), import_ms // 2 * MS),
            ((START, SCRIPT, FIND, SETTINGS, FIND, LIBRARY, LOADS), import_ms // 2 * MS),
            ((START, SCRIPT, MAIN, PARSE, LOADS), 10 * MS),
            ((START, SCRIPT, MAIN, PARSE), 3 * MS),
            ((START, SCRIPT, MAIN, LOADS), 2 * MS),
            ((START, LOADS), 5 * MS),
        ]
    )


def test_what_an_import_runs_belongs_to_it() -> None:
    tree = importing()
    inside = {tree.frames[f] for f in tree.node_frame[under_imports(tree)].tolist()}
    assert inside == {FIND, LIBRARY, SETTINGS, LOADS}
    assert int(without_imports(tree).sum()) == 20 * MS


def test_time_belongs_to_the_nearest_own_function() -> None:
    tree = importing()
    times = [(each.frame, each.weight_ns) for each in own_times(tree, without_imports(tree))]
    assert times == [(PARSE, 13 * MS), (MAIN, 2 * MS)]
    assert [(each.frame, each.weight_ns) for each in own_times(tree, tree.self_ns())][:2] == [
        (SCRIPT, 40 * MS),
        (SETTINGS, 40 * MS),
    ]
    assert own_times(tree_from_stacks([]), tree_from_stacks([]).self_ns()) == []


def test_generated_code_belongs_to_whoever_calls_it_and_a_program_in_a_string_to_itself() -> None:
    orm, setter, made = (Frame("<site>/orm.py", "load"), Frame("<string>", "set"), Frame("<string>", "__init__"))
    typed, work = Frame("<string>", "<module>"), Frame("<string>", "work")
    tree = tree_from_stacks(
        [
            ((SCRIPT, MAIN, orm, setter), 4 * MS),
            ((SCRIPT, MAIN, made), 3 * MS),
            ((typed, START, work), 2 * MS),  # as by asyncio.run
            ((LOADS, work, orm), 1 * MS),  # in a thread of its own
        ]
    )
    times = [(each.frame, each.weight_ns) for each in own_times(tree, tree.self_ns())]
    assert times == [(MAIN, 7 * MS), (work, 3 * MS)]


def told(tree: CallTree) -> str:
    report = single_report()
    return summary(replace(report, runs=(replace(report.runs[0], tree=tree, spans=()),)))


def test_a_summary_names_own_code_beside_imports() -> None:
    assert told(importing()).endswith(
        "Imports took 80.0 % of the sampled time. Most self time, imports aside: loads 17.0 %, main.parse 3.00 %. "
        "By own code, each with the libraries it calls but without other own code, imports left out: "
        "main.parse 13.0 %, main 2.00 %."
    )
    assert "Imports" not in told(importing(2))
    assert "settings.py" not in told(importing())


def test_own_code_at_the_top_needs_no_second_sentence() -> None:
    assert told(tree_from_stacks([((SCRIPT, MAIN), 9 * MS), ((SCRIPT,), MS)])).endswith(
        "Most self time: main 90.0 %, job.py 10.0 %."
    )
    assert told(tree_from_stacks([((START, LOADS), MS)])).endswith("Most self time: loads 100 %.")
