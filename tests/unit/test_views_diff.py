"""The differential flame graph's payload, warnings and still picture."""

from __future__ import annotations

import base64
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from sample_runs import EVIL, MS, evil_tree, jamf_tree, run, session
from sight import side

from workbench.calltree import CallTreeBuilder
from workbench.model import Frame, RoundKind, Sampler, Status
from workbench.notebook.sights import diff_flamegraph
from workbench.views.diff import DiffSide, diff_html, diff_of, diff_payload, diff_still, diff_table, diff_warnings
from workbench.views.payload import decode

MAIN, LOAD, SAVE, CACHE = (Frame("app.py", name) for name in ("main", "load", "save", "cache"))
BASE = side("before", [((MAIN, LOAD), 6), ((MAIN, SAVE), 2), ((MAIN,), 1)])
NEW = side("after", [((MAIN, LOAD), 9), ((MAIN, CACHE), 3), ((MAIN,), 1)])


def columns(base: DiffSide, new: DiffSide) -> dict[str, tuple[int, int]]:
    """Self time per repetition in µs by function of the leaf, as the page reads it."""
    decoded = decode(diff_payload(base, new))
    unit = decoded.header["unit_ns"] / 1000
    found = {}
    for at, frame in enumerate(decoded.frame.tolist(), 1):
        sides = (decoded.columns["diff_base"][at] * unit, decoded.columns["diff_new"][at] * unit)
        found[decoded.frames[frame].function] = (int(sides[0]), int(sides[1]))
    return found


def test_the_page_gets_both_sides_also_of_what_vanished() -> None:
    assert columns(BASE, NEW) == {"main": (1000, 1000), "load": (6000, 9000), "save": (2000, 0), "cache": (0, 3000)}


def test_repetitions_and_samples_make_no_difference() -> None:
    work = [((MAIN, LOAD), 6.0), ((MAIN, SAVE), 2.0)]
    finer = [((MAIN, LOAD), 0.5)] * 12 + [((MAIN, SAVE), 1.0)] * 2
    found = columns(side("one", work), side("three", finer, rounds=3))
    assert all(before == after for before, after in found.values())


def test_functions_below_a_nanosecond_of_one_execution_are_kept() -> None:
    """Whole nanoseconds an execution would call them gone or new: 20 of 40 each side's leaf takes under one."""
    leaves = [Frame("app.py", f"leaf{i}") for i in range(40)]

    def looped(name: str, samples: list[int]) -> DiffSide:
        made = side(name, [((MAIN, leaf), float(n)) for leaf, n in zip(leaves, samples, strict=True)])
        (only,) = made.run.rounds
        rounds = (replace(only, measures={**only.measures, "loops": 2e7}),)
        return replace(made, run=replace(made.run, rounds=rounds))

    base, new = looped("a", [25] * 20 + [19] * 20), looped("b", [19] * 20 + [25] * 20)
    decoded = decode(diff_payload(base, new))
    both = [
        decoded.columns[name][1:].astype(float) * decoded.header["unit_ns"] for name in ("diff_base", "diff_new")
    ]
    assert [ns.sum() for ns in both] == pytest.approx([44.0, 44.0])
    assert not ((both[0] > 0) ^ (both[1] > 0)).any(), "none is gone or new"
    picture = base64.b64decode(re.findall(r"base64,([^\"]+)", diff_still(base, new))[0]).decode()
    assert picture.count("<rect") == 42


@pytest.mark.parametrize("seed", range(20))
def test_a_run_against_itself_is_zero_everywhere_in_the_page(seed: int) -> None:
    chance = random.Random(seed)
    frames = [Frame(f"m{i % 3}.py", f"f{i}") for i in range(8)]
    work = [
        ([chance.choice(frames) for _ in range(chance.randrange(1, 7))], chance.uniform(1e-6, 2000))
        for _ in range(60)
    ]
    same = side("same", [(tuple(stack), ms) for stack, ms in work], rounds=chance.randrange(1, 4))
    decoded = decode(diff_payload(same, same))
    assert np.array_equal(decoded.columns["diff_base"], decoded.columns["diff_new"])
    assert decoded.columns["diff_base"].any()
    assert diff_warnings(same, same) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"sampler": Sampler("pyinstrument", "5.1.3", 10 * MS, "wall", "async")},
            "sampling interval: 1 ms against 10 ms",
        ),
        ({"sampler": Sampler("pyinstrument", "5.1.3", MS, "gil", "async")}, "sampler's clock: wall against gil"),
        ({"sampler": Sampler("pyinstrument", "5.1.3", MS, "wall", "")}, "sampler's mode: async against default"),
        ({"sampler": Sampler("py-spy", "0.4", MS)}, "sampler: pyinstrument against py-spy"),
    ],
)
def test_runs_that_were_sampled_otherwise_are_flagged(change: dict[str, Sampler], said: str) -> None:
    other = replace(NEW, run=replace(NEW.run, **change))
    assert f"Not comparable: {said}" in diff_warnings(BASE, other)
    assert diff_warnings(BASE, other) == tuple(decode(diff_payload(BASE, other)).header["diff"]["warnings"])


@pytest.mark.parametrize(
    ("parameter", "value"), [("dataset_digest", "ab" * 32), ("link", "wan"), ("scale", "large"), ("resources", 11)]
)
def test_other_data_or_another_link_is_flagged(parameter: str, value: str | int) -> None:
    warnings = diff_warnings(BASE, replace(NEW, session=session(**{parameter: value})))
    assert len(warnings) == 1 and warnings[0].startswith(f"Not comparable: {parameter.replace('_', ' ')}: ")


def test_another_python_or_machine_is_flagged() -> None:
    there = session()
    other = replace(there, environment=replace(there.environment, python="3.13.1", machine="beef"))
    assert [w.split(":")[1].strip() for w in diff_warnings(BASE, replace(NEW, session=other))] == [
        "Python",
        "machine",
    ]


def test_an_interrupted_run_and_one_without_stacks_are_flagged() -> None:
    half = replace(NEW, run=replace(NEW.run, status=Status.INTERRUPTED), tree=None)
    assert [warning.split(" ")[:2] for warning in diff_warnings(BASE, half)] == [["New", "was"], ["New", "has"]]
    assert columns(BASE, half)["load"] == (6000, 0)


def test_an_empty_difference_is_a_payload() -> None:
    empty = DiffSide(run("", [1.0]), CallTreeBuilder().build())
    assert len(decode(diff_payload(empty, empty)).frame) == 0
    assert diff_table(diff_of(empty, empty)).rows == ()
    assert "<img" not in diff_still(empty, empty)


def test_the_table_tells_what_is_gone_and_what_is_new() -> None:
    rows = {row[0]: row[2:] for row in diff_table(diff_of(BASE, NEW)).rows}
    assert rows["save"] == ("2.00 ms", "0 s", "−2.00 ms", "22.2 %", "0 %", "gone")
    assert rows["cache"][-1] == "new" and rows["load"][2] == "+3.00 ms"
    assert next(iter(rows)) in ("load", "cache")


def test_the_still_picture_holds_the_warnings_and_boxes_of_both_sides() -> None:
    other = replace(NEW, run=replace(NEW.run, sampler=Sampler("py-spy", "0.4", MS)))
    still = diff_still(BASE, other)
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", still)[1]).decode()  # type: ignore[index]
    assert "Not comparable: sampler" in still
    assert ">save<" in picture and ">cache<" in picture
    assert '"#a01029"' in picture, "load takes more"
    assert re.search(r'fill="#08306b"/><text[^>]* fill="#ffffff">save<', picture), "gone, in ink that is read on it"
    assert re.search(r'fill="#67000d"/><text[^>]* fill="#ffffff">cache<', picture), "new"


def test_hostile_names_stay_text() -> None:
    everything = " ".join(EVIL)
    evil = DiffSide(run("", [1.0], name=everything), evil_tree(), session())
    for page in (diff_html(evil, BASE), diff_still(BASE, evil), diff_table(diff_of(evil, evil)).to_html()):
        assert "<script>window" not in page and "<img src=x" not in page and "<svg onload" not in page


def test_the_notebooks_function_takes_runs_and_trees_and_says_what_it_does_not_take() -> None:
    shown = diff_flamegraph(jamf_tree(1, 300), jamf_tree(2, 200))
    assert "Change" in shown.text and shown.still.count("<table") == 1
    assert '<th scope="col" style="text-align:left">Function</th>' in shown.still, "JupyterLab would set it right"
    assert '<caption style="text-align:left">' in shown.still, "and captions in the middle"
    assert '<td class="number" style="text-align:right;white-space:nowrap">' in shown.still
    rounds = {r.kind for r in NEW.run.rounds}
    assert rounds == {RoundKind.SAMPLED}
