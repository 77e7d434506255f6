"""Tasks, spans and lines on their way to the page, and what stands for them where no script runs."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from sample_runs import EVIL, MS
from sight import timed_recording

from workbench.analysis.lines import line_times
from workbench.calltree import CallTreeBuilder
from workbench.errors import UsageError
from workbench.model import Frame, Span
from workbench.notebook.sights import timeline
from workbench.views.payload import decode, encode
from workbench.views.run_extras import run_extras, task_grouping
from workbench.views.timeline import span_rows, spans_svg, spans_table

RECORDING = timed_recording()


def test_spans_stand_on_the_axis_of_the_samples_with_the_stack_that_issued_them() -> None:
    assert RECORDING.tree is not None
    decoded = decode(encode(RECORDING.tree, extras=run_extras(RECORDING.tree, spans=RECORDING.spans)))
    unit = decoded.header["time"]["unit_ns"]
    starts = sorted(span.start_ns for span in RECORDING.spans)
    assert [int(start) * unit for start in decoded.columns["span_start"]] == starts
    node = int(decoded.columns["span_node"][0])
    assert decoded.frames[int(decoded.frame[node - 1])].function == "fetch"


def test_self_time_by_task_adds_up() -> None:
    assert RECORDING.tree is not None
    grouping = task_grouping(RECORDING.tree)
    assert grouping is not None and grouping.names == tuple(f"fetch {n + 1}" for n in range(6))
    assert int(grouping.weight_ns.sum()) == int(RECORDING.tree.samples.weight_ns.sum())
    assert task_grouping(CallTreeBuilder().build()) is None


def test_lines_are_told_apart_by_what_happened_on_them() -> None:
    builder = CallTreeBuilder()
    main = Frame("app.py", "main")
    for leaf, line in (
        ((main,), 3),
        ((main, Frame("<built-in>", "loads")), 3),
        ((main, Frame("<await>", "[await]")), 4),
    ):
        builder.sample(time_ns=1, weight_ns=MS, node=builder.node(leaf), line=line)
    builder.sample(time_ns=1, weight_ns=MS, node=builder.node((Frame("<built-in>", "exec"),)), line=1)
    (lines,) = line_times(builder.build()).values()
    assert [(t.line, t.python_ns, t.c_ns, t.await_ns) for t in lines] == [(3, MS, MS, 0), (4, 0, 0, MS)]


@pytest.mark.parametrize("seed", range(10))
def test_spans_of_a_row_never_overlap(seed: int) -> None:
    chance = random.Random(seed)
    spans = [
        Span(n, -1, chance.randrange(2), chance.choice("ab"), "x", chance.randrange(100), chance.randrange(40))
        for n in range(80)
    ]
    rows = span_rows(spans)
    for row in set(rows):
        own = sorted(
            (
                (s.round, s.start_ns, s.start_ns + max(s.duration_ns, 1))
                for s, r in zip(spans, rows, strict=True)
                if r == row
            )
        )
        assert all(a[0] < b[0] or a[2] <= b[1] for a, b in pairwise(own))
    kinds = {row: {s.kind for s, r in zip(spans, rows, strict=True) if r == row} for row in set(rows)}
    assert all(len(kind) == 1 for kind in kinds.values())


def test_still_timelines_hold_hostile_names_as_text() -> None:
    spans = [replace(RECORDING.spans[0], number=n, name=text, kind=text, site=text) for n, text in enumerate(EVIL)]
    for page in (spans_svg(spans), spans_table(spans, most=50).to_html()):
        assert "<script>window" not in page and "<img src=x" not in page and "<svg onload" not in page
    assert spans_svg([]) == ""


def test_the_still_timeline_has_an_axis_and_says_what_it_leaves_out() -> None:
    first = RECORDING.spans[0]
    long = replace(first, name="a request", start_ns=0, duration_ns=800_000_000)
    picture = spans_svg([long, replace(long, number=1, status="error")])
    assert re.findall(r">(\d[^<]*)</text>", picture) == ["0 s", *(f"{n}00 ms" for n in range(1, 8))]
    assert picture.count(">a request</text>") == 2 and 'fill="#ffffff">a request<' in picture
    many = [replace(long, number=number) for number in range(45)]
    assert ">5 more spans in the live view<" in spans_svg(many)
    assert "left" not in picture and "more span" not in picture


def test_the_notebooks_timeline_opens_in_time_order_and_is_its_own_picture() -> None:
    shown = timeline(RECORDING)
    assert shown.opened()[0]["options"]["state"] == {"view": "time"}
    assert shown.live_id.startswith("timeline-")
    assert "GET /items/{id}" in shown.text and "<img" in shown.still
    alone = timeline(replace(RECORDING, spans=()))
    assert (
        "no spans to draw" in alone.still
        and "Flame graph of" in alone.still
        and "Spans, the longest" not in alone.still
    )
    assert "most self time" in alone.text
    only_spans = replace(RECORDING, tree=None)
    assert len(decode(timeline(only_spans).payload).columns["span_start"]) == len(RECORDING.spans)
    with pytest.raises(UsageError, match="neither stacks nor spans"):
        timeline(replace(RECORDING, tree=None, spans=()))
    with pytest.raises(UsageError, match="not int"):
        timeline(7)  # type: ignore[arg-type]
