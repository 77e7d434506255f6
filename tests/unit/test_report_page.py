"""The report: what it says, that it is one safe file, and how it fails to be written."""

from __future__ import annotations

import errno
import math
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sample_runs import EVIL, evil_report, session_report, single_report, spans_of

from workbench.errors import OutputError
from workbench.model import Comparison, RoundKind, Status, Verdict
from workbench.reporting import report_html, write_report
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.page import safe_json
from workbench.reporting.spans import operation_rows, operation_table
from workbench.reporting.summary import summary
from workbench.reporting.write import write_atomically
from workbench.views.tables import printable

URL_ATTRIBUTES = {"src", "href", "action", "data", "srcset", "poster", "background", "formaction", "xlink:href"}


class Page(HTMLParser):
    """Elements, attributes and text of a page, as a browser would split them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[tuple[str | None, str]] = []
        self._inside = ""
        self._kind: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside, self._kind = tag, dict(attrs).get("type")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append((self._kind, data))
        elif self._inside != "style":
            self.text.append(data.replace("\u00a0", " "))

    def attribute(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for found, attributes in self.elements if found == tag]


@pytest.fixture(scope="module")
def session_page() -> str:
    return report_html(session_report())


@pytest.fixture(scope="module")
def evil_page() -> str:
    return report_html(evil_report())


def test_a_session_shows_ladder_bound_chart_runs_and_environment(session_page: str) -> None:
    text = "\n".join(Page(session_page).text)
    for wanted in (
        "A measurement, not a verdict", "naive", "optimized", "a client per call", "10.1 s",
        "0.113× [0.103, 0.119]", "longest chain", "CPU floor", "1.23 times the bound",
        "GET /JSSResource/policies/id/{id}", "p95",
        "Functions with most self time", "CPython 3.11.7", "dataset_digest", "range of 3 pairs",
    ):  # fmt: skip
        assert wanted in text, wanted
    assert session_page.count("data-wb-flamegraph>") + session_page.count("data-wb-flamegraph ") >= 5
    assert "plotly" not in session_page
    assert len(session_page) < 500_000


def test_each_picture_says_that_its_round_was_another(session_page: str) -> None:
    text = "\n".join(Page(session_page).text)
    assert (
        "The stacks come from a sampled round of its own, which the sampler slows down: 9.80 s; "
        "the timing rounds take 10.1 s (median of 3)." in text
    )
    assert text.count("The stacks come from") == 5
    assert "The stacks come from" not in report_html(single_report())


def test_a_single_run_has_no_ladder_and_no_plotly() -> None:
    page = report_html(single_report())
    text = "\n".join(Page(page).text)
    assert "Ladder" not in text
    assert "checkout took 3.40 s (sampled" in text
    assert len(page) < 400_000


def test_sessions_of_one_environment_share_its_table() -> None:
    report = session_report()
    (one,) = report.sessions
    loaded = replace(one, session_id="later", parameters={**one.parameters, "load_average": 0.63})
    first, *others = report.runs
    page = report_html(replace(report, runs=(replace(first, session=loaded), *others)))
    environment = page.partition("<h2>Environment</h2>")[2].partition("</section>")[0]
    assert f"Sessions later (load average 0.63 at its start), {one.session_id}" in environment
    assert environment.count("CPython 3.11.7") == 1
    assert "load_average" not in page.partition("<h2>Parameters</h2>")[2]


def test_stored_verdicts_replace_the_disclaimer() -> None:
    report = session_report()
    ids = [r.run.run_id for r in report.runs]
    verdict = Comparison(
        ids[0], ids[4], Verdict.IMPROVEMENT, 0.11, (0.1, 0.12), 15, 170.0, sentence="nine times faster"
    )
    text = "\n".join(Page(report_html(replace(report, comparisons=(verdict,)))).text)
    assert "A measurement, not a verdict" not in text
    assert "IMPROVEMENT" in text
    assert "naive → optimized" in text
    assert "nine times faster" in text


def test_a_run_without_stacks_or_rounds_says_so() -> None:
    report = single_report()
    only = report.runs[0]
    bare = replace(only, tree=None, spans=(), run=replace(only.run, rounds=(), status=Status.FAILED, error="boom"))
    text = "\n".join(Page(report_html(replace(report, runs=(bare,)))).text)
    assert "No stacks were taken" in text
    assert "no finished round" in text
    assert "boom" in text


def test_the_policy_admits_the_pages_own_scripts_and_nothing_else(session_page: str) -> None:
    page = Page(session_page)
    [policy] = [a["content"] for t, a in page.elements if t == "meta" and a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.count("sha256-") == 2  # our module, our style
    assert policy.endswith("require-trusted-types-for 'script'; trusted-types 'none'")
    assert page.elements[2][0] == "meta"
    assert page.elements[3][1].get("http-equiv") == "Content-Security-Policy", "nothing may stand before the policy"


@pytest.mark.parametrize("report", [session_report, single_report, evil_report])
def test_nothing_on_the_page_is_to_be_fetched(report: object) -> None:
    page = Page(report_html(report()))  # type: ignore[operator]
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
        assert not URL_ATTRIBUTES & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)


def test_names_add_no_element_attribute_or_script(evil_page: str) -> None:
    page = Page(evil_page)
    kinds = [kind for kind, _ in page.scripts if kind is not None]
    assert kinds.count("module") == 1
    assert set(kinds) == {"module", "application/octet-stream"}
    assert {t for t, _ in page.elements} <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "p", "h1", "h2", "h3", "ul", "li",
        "section", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary", "script",
        "span", "footer", "pre", "svg", "line", "circle", "text", "tspan",
    }  # fmt: skip
    assert "\u2028" not in evil_page
    assert "\u202e" not in evil_page
    assert "\x00" not in evil_page


@pytest.mark.parametrize("text", EVIL, ids=range(len(EVIL)))
def test_names_are_still_there_to_read(text: str, evil_page: str) -> None:
    assert printable(text)[:300] in "\n".join(Page(evil_page).text)


def test_very_long_names_do_not_make_a_very_long_page(evil_page: str) -> None:
    assert "n" * 1000 not in evil_page
    assert len(evil_page) < 800_000


@pytest.mark.parametrize("text", [*EVIL, "\u2029", "&lt;/script&gt;"])
def test_json_in_a_script_element_cannot_end_it(text: str) -> None:
    import json

    made = safe_json({text: [text]})
    assert not set("<>&\u2028\u2029") & set(made)
    assert json.loads(made) == {text: [text]}


def test_a_scenarios_own_measures_are_told_by_what_they_are() -> None:
    report = single_report()
    only = report.runs[0]
    own = {"bytes_written": 106_100.0, "files": 59.0, "cpu_share": 0.4567891, "resources": 12_000.0}
    rounds = (replace(only.run.rounds[0], measures={"wall": 3.4, **own}),)
    text = Page(report_html(replace(report, runs=(replace(only, run=replace(only.run, rounds=rounds)),)))).text
    assert {"104 KiB", "59", "0.4568", "12\u202f000"} <= set(text)


def test_a_ladder_of_which_nobody_says_what_changed_has_no_column_for_it() -> None:
    report = session_report()
    assert "What changed" in report_html(report)
    silent = report_html(replace(report, runs=tuple(replace(each, change="") for each in report.runs)))
    assert "What changed" not in silent
    assert '<td>naive</td><td class="number">' in silent


def test_what_differs_stands_in_one_box() -> None:
    report = session_report()
    told = ("sampler: a against b", "load average: 1 against 2")
    none = (math.nan, math.nan)
    found = Comparison("a", "b", Verdict.INCONCLUSIVE, math.nan, none, 0, 0.0, differences=told, comparable=False)
    pair = replace(report, runs=report.runs[:2], rows=(), comparison=found)
    html = report_html(pair)
    assert html.count('class="warning"') == 1
    assert "<li>sampler: a against b</li><li>load average: 1 against 2</li>" in html
    assert "These runs are not comparable" in html
    calm = report_html(replace(pair, comparison=replace(found, comparable=True, differences=())))
    assert 'class="warning"' not in calm


def test_operations_are_counted_per_timing_round() -> None:
    run = session_report().runs[0].run
    rows = {(r.kind, r.name): r for r in operation_rows(run, spans_of(run.rounds))}
    policies = rows["http", "GET /JSSResource/policies/id/{id}"]
    assert policies.count == 24  # 24 in each of 3 timing rounds; the sampled round's are left out
    assert policies.bytes_received == 24 * 4200
    assert policies.p50_s < policies.p95_s < policies.total_s
    assert rows["tls", "localhost"].count == 5
    assert "mean of 3 rounds" in operation_table(run, spans_of(run.rounds)).caption
    assert [r for r in run.rounds if r.kind is RoundKind.SAMPLED]


def test_light_operations_are_left_out_and_counted() -> None:
    run = session_report().runs[0].run
    spans = [replace(s, name=f"GET /{i % 40}") for i, s in enumerate(spans_of(run.rounds)) if s.kind == "http"]
    table = operation_table(run, spans)
    assert len(table.rows) == 25
    assert re.search(r"; \d+ lighter ones are left out", table.caption)


def test_the_summary_is_a_plain_paragraph() -> None:
    text = summary(session_report())
    assert "naive takes 10.1 s a round (median of 3), optimized 1.14 s." in text
    assert "8.82× faster" in text
    assert "118 → 71 requests" in text
    assert "\n" not in text


def test_a_report_on_nothing_measured_still_reads() -> None:
    report = session_report()
    runs = tuple(RunReport(replace(r.run, rounds=()), r.session) for r in report.runs)
    from workbench.analysis.ladder import ladder

    bare = ReportData("nothing", runs, tuple(ladder([r.run for r in runs])))
    page = report_html(bare)
    assert "NaN" not in "\n".join(Page(page).text)
    assert "nan" not in re.findall(r"[\w.]+", "\n".join(Page(page).text))


def test_an_unmeasured_baseline_is_no_1(session_page: str) -> None:
    from workbench.analysis.ladder import ladder

    report = session_report()
    first, second = (r.run for r in report.runs[:2])
    begun = replace(first, rounds=(replace(first.rounds[0], status=Status.INTERRUPTED),))
    runs = (replace(report.runs[0], run=begun), report.runs[1])
    text = Page(report_html(replace(report, runs=runs, rows=tuple(ladder([begun, second]))))).text
    row = text.index("a client per call, one root after another")
    assert text[row : row + 5][1:] == ["–", "–", "–", "not measured"]
    assert "takes –" not in " ".join(text)
    assert text.count("baseline") < Page(session_page).text.count("baseline")


def test_it_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("an older one")
    write_report(single_report(), target)
    assert target.read_text(encoding="utf-8").endswith("</html>\n")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"can't write the report .*there is no folder") as caught:
        write_report(single_report(), tmp_path / "nowhere" / "report.html")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 60


def test_a_folder_in_its_place_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        write_report(single_report(), tmp_path)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "no permission"),
        (errno.EIO, "error"),
        (errno.ENOENT, "takes no new files"),  # the folder is there: /proc and its like
    ],
)
def test_a_failing_disk_keeps_the_older_report(
    number: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    target.write_text("an older one")

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match=words):
        write_report(single_report(), target)
    assert target.read_text() == "an older one"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644)])
def test_a_report_has_the_permissions_that_the_umask_leaves(tmp_path: Path, umask: int, mode: int) -> None:
    path = tmp_path / "r.html"
    before = os.umask(umask)
    try:
        write_atomically(path, "x")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode
    path.chmod(0o604)
    write_atomically(path, "y")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("y", 0o604)
    assert list(tmp_path.iterdir()) == [path]
