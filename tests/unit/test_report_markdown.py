"""The report as Markdown: what it says, and that a code host makes nothing more of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sample_runs import EVIL, evil_report, session_report, single_report

from workbench.model import Comparison, Frame, FunctionChange, Verdict
from workbench.reporting import report_markdown
from workbench.reporting.markdown import code, marked, prose
from workbench.reporting.write import report_html


def verdict() -> Comparison:
    base, new = (session_report().runs[i].run.run_id for i in (0, 4))
    changed = FunctionChange(Frame("app/job.py", "load|all"), 1.0, 0.1, 0.5, 0.1, -0.95, -0.85, 0.002, "shrank")
    return Comparison(
        base, new, Verdict.IMPROVEMENT, 0.11, (0.1, 0.12), 15, 170.0, differences=("requests vary",),
        functions=(changed,), counts={"requests": (118.0, 71.0)}, sentence="8.8× faster; mostly `load`",
    )  # fmt: skip


def test_a_ladder_is_a_table() -> None:
    text = report_markdown(session_report())
    assert text.startswith("### Jamf Pro export to Terraform\n\n5 variants were measured")
    assert "| variant | median | range | ratio | requests |" in text
    assert "| `optimized` | 1.14 s | 1.09–1.20 s (3) | 0.113× \\[0.103, 0.119] | 71 |" in text
    assert "commit 0123456789, session 261123-040000-ab12" in text


def test_a_run_tells_its_functions_and_operations() -> None:
    text = report_markdown(single_report())
    assert "| function | file | self time |" in text
    assert "| `GET /JSSResource/policies/id/{id}` | `workbench/scenarios/jamf/fetch.py:48` | 24 |" in text


def test_a_comparison_leads_with_its_verdict() -> None:
    report = session_report()
    pair = replace(report, runs=(report.runs[0], report.runs[4]), rows=(), comparison=verdict())
    text = report_markdown(pair)
    assert "**IMPROVEMENT** `naive` → `optimized`\n" in text
    assert text.count("8.8× faster; mostly") == 1
    assert "\n- requests vary" in text
    assert "| requests | 118 | 71 |" in text
    row = "| `load\\|all` | `app/job.py` | shrank | 1.00 s | 100 ms | −89.0 | −93.9 to −84.1 | 0.002 |"
    assert row in text


def test_a_page_says_the_verdict_once_beside_the_text_for_pasting() -> None:
    report = session_report()
    pair = replace(report, runs=(report.runs[0], report.runs[4]), rows=(), comparison=verdict())
    before, paste, after = report_html(pair).partition('<details class="paste">')
    shown = before + after.partition("</details>")[2]
    assert paste
    assert (shown.count("8.8× faster"), shown.count(">IMPROVEMENT<")) == (1, 1)


@pytest.mark.parametrize("name", [*EVIL, "a`b``c", "`", "x|y", " ", "a\nb", "@everyone", "trailing `"])
def test_a_name_is_one_code_span_in_one_cell(name: str) -> None:
    span = code(name)
    assert "\n" not in span
    assert not re.search(r"(?<!\\)\|", span), "a cell would end"
    if span == "–":
        return
    fence = re.match("`+", span)
    assert fence is not None
    inner = span[len(fence[0]) : -len(fence[0])]
    assert fence[0] not in re.findall("`+", inner), "the span would end"


def test_marked_code_is_a_span_and_what_is_around_it_prose() -> None:
    assert marked("mostly `a|b` (+5 *points*)") == r"mostly `a\|b` (+5 \*points\*)"
    assert marked("one ` alone") == r"one \` alone"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a *b* _c_ <d> [e](f)", r"a \*b\* \_c\_ \<d\> \[e\](f)"),
        ("@everyone see #12", "@\u200beveryone see \\#\u200b12"),
        ("http://host/ www.host", "http:\u200b//host/ www\u200b.host"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("$x$ | y", r"\$x\$ \| y"),
        ("two\nlines", "two\\\\u000alines"),
    ],
)
def test_prose_makes_no_markup_mention_or_link(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_hostile_names_leave_the_table_whole_and_fit_a_comment() -> None:
    text = report_markdown(evil_report())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert len(text) < 65_536
    assert not re.search(r"^<", text, re.MULTILINE)
