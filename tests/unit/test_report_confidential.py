"""A confidential report says nothing of folders, source, hosts, users and statements, in any of its forms."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sample_pages import (
    PIXEL,
    code_cell,
    failed,
    markdown_cell,
    plotly_output,
    printed,
    shown,
    stored,
    write_notebook,
)
from sample_runs import session_report, single_report

from workbench.model import Comparison, Environment, Frame, FunctionChange, Plan, PlanOperator, Status, Verdict
from workbench.notebook.fallback import still_html
from workbench.reporting import ReportData, confidential, report_html, report_markdown
from workbench.reporting.confidential import without_paths
from workbench.reporting.notebook import notebook_html
from workbench.views.payload import meta_of

SECRETS = (
    "alice", "acme-secrets", "billing", "db.internal", "10.1.2.3", "customers", "SELECT name", "--token",
    "feature/x", "private-package", "hunter2", "/srv", "C:\\Users",
)  # fmt: skip


def telling() -> ReportData:
    """A report that tells all it can."""
    report = single_report()
    one = report.runs[0]
    assert one.tree is not None
    frames = tuple(
        replace(frame, file=f"/home/alice/acme-secrets/billing/module_{i}.py") if i % 2 else frame
        for i, frame in enumerate(one.tree.frames)
    )
    tree = replace(one.tree, frames=frames, threads=("worker of alice",), tasks=("fetch customers",))
    spans = tuple(
        replace(s, name="SELECT name FROM customers", site="/home/alice/x.py:3", attributes={"a": "db.internal"})
        for s in one.spans
    )  # fmt: skip
    run = replace(
        one.run, name="/home/alice/acme-secrets/job.py", status=Status.FAILED,
        error="ValueError: hunter2 at 10.1.2.3",
        parameters={"command": "job.py --token hunter2", "pid": 4711, "rounds": 3, "script": "/srv/job.py"},
        tags=("C:\\Users\\alice\\x",),
    )  # fmt: skip
    environment = Environment(
        commit="c" * 40,
        branch="feature/x",
        packages={"private-package": "1"},
        machine="alice-laptop",
        python="3.11",
    )
    session = replace(one.session, environment=environment, parameters={"argv": "--token hunter2", "link": "cloud"})
    plan = Plan("SELECT name FROM customers", "postgresql", (PlanOperator("Seq Scan", 0, "customers"),))
    comparison = Comparison(
        run.run_id, run.run_id, Verdict.PASS, 1.0, (0.9, 1.1), 15, 3.0, sentence="mostly /home/alice/x.py",
        differences=("host db.internal:5432 differs", "packages: private-package 1 against 2",
                     "`SELECT name FROM customers` 1 → 100×, issued at /srv/alice/db.py:41"),
        functions=(FunctionChange(Frame("/srv/x.py", "f"), 1, 2, 1, 1),),
    )  # fmt: skip
    made = replace(one, run=run, session=session, tree=tree, spans=spans, plans=(plan,))
    return replace(report, title="/home/alice/acme-secrets/job.py", runs=(made,), comparisons=(comparison,))


def told(page: str) -> str:
    """The page's text and, unpacked, the payloads of its pictures."""
    packed = re.findall(r'<script type="application/octet-stream">([^<]+)</script>', page)
    return page + "".join(zlib.decompress(base64.b64decode(p)).decode("latin-1") for p in packed)


def test_nothing_of_it_is_left_in_page_and_markdown() -> None:
    assert all(
        secret in told(report_html(telling())) for secret in ("alice", "customers", "hunter2", "private-package")
    )
    made = confidential(telling())
    page = told(report_html(made))
    for secret in SECRETS:
        assert secret not in page, secret
        assert secret not in report_markdown(made), secret
    assert "Confidential copy" in page
    assert "Confidential copy" in report_markdown(made)
    assert "Confidential copy" not in report_html(telling())


def test_what_the_profile_is_about_stays() -> None:
    page = told(report_html(confidential(telling())))
    for wanted in (
        "module_1.py",
        "Client.send",
        "<site>/httpx/_client.py",
        "ValueError",
        "SELECT 1",
        "job.py",
        "cloud",
    ):
        assert wanted in page.replace("&lt;", "<").replace("&gt;", ">"), wanted


def test_what_the_readme_says_stays() -> None:
    """Names and tags that the user gave, commit, ids and the kind of machine; what they hold of paths goes."""
    made = telling()
    one = made.runs[0]
    run = replace(one.run, name="nightly of /srv/billing/load", tags=("before", "/home/alice/index"))
    environment = replace(one.session.environment, cpu="a processor", os="an os")
    session = replace(one.session, environment=environment)
    page = told(report_html(confidential(replace(made, runs=(replace(one, run=run, session=session),)))))
    for wanted in (
        "nightly of load",
        "before",
        "index",
        "cccccccccc",
        run.run_id,
        session.session_id,
        "a processor",
    ):
        assert wanted in page, wanted
    assert "ValueError" in page and "hunter2" not in page and "alice" not in page


def test_times_are_the_same() -> None:
    before, after = session_report(), confidential(session_report())
    assert [row.median for row in before.rows] == [row.median for row in after.rows]
    for a, b in zip(before.runs, after.runs, strict=True):
        assert a.tree is not None and b.tree is not None
        assert (a.tree.self_ns() == b.tree.self_ns()).all()
        assert len(a.tree.frames) == len(b.tree.frames)
        assert [s.duration_ns for s in a.spans] == [s.duration_ns for s in b.spans]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/home/a/b.py", "b.py"),
        ("in /home/alice", "in …"),
        ("C:\\Users\\a\\b.py failed", "b.py failed"),
        ("../x/y.py:3", "y.py:3"),
        ("https://host.example:8443/a/b", "b"),
        ("to db.internal:5432", "to …"),
        ("from 10.0.0.1", "from …"),
        ("a@b.example said", "… said"),
        ("1.5 s, 3.14.1, [0.1, 0.2]", "1.5 s, 3.14.1, [0.1, 0.2]"),
        ("8.8× faster (95 % 7.1 to 8.8×)", "8.8× faster (95 % 7.1 to 8.8×)"),
        ("jamf:naive → jamf:optimized", "jamf:naive → jamf:optimized"),
    ],
)
def test_paths_and_hosts_are_cut_out_of_prose(text: str, left: str) -> None:
    assert without_paths(text) == left


def test_a_notebook_loses_its_code_and_what_it_printed(tmp_path: Path) -> None:
    cells = [
        markdown_cell("# Job\n\nReads /home/alice/data.csv from db.internal:5432."),
        code_cell("token = 'hunter2'", printed("hunter2 printed\n"), failed("ValueError", "hunter2", ["hunter2"])),
        code_cell(
            "x", shown(text_html="<p>C:\\Users\\alice\\data.csv</p>", text_plain="x"), shown(text_plain="42")
        ),
    ]
    page = notebook_html(write_notebook(tmp_path / "n.ipynb", cells), stored(tmp_path), confidential=True)
    for secret in SECRETS:
        assert secret not in page, secret
    for wanted in ("Job", "data.csv", "ValueError", "So are code, printed text and all outputs"):
        assert wanted in page


SECRET = "Zq9SECRETx7"


def telling_cells() -> list[dict[str, Any]]:
    """A secret in every place of a notebook that may show one."""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><text>token={SECRET}</text></svg>"
    return [
        markdown_cell(f"# The token={SECRET}\n\nSee [it](https://u:{SECRET}@h.example/p?sig={SECRET}).\n"),
        {"cell_type": "raw", "metadata": {}, "source": f"password: {SECRET}"},
        code_cell(
            f"api_key = '{SECRET}'\nurl = 'https://h.example/p?sig={SECRET}'\n"
            f'pem = """-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----"""\n',
            printed(f"Authorization: Bearer {SECRET}\n"),
            printed(f"pass\x1b[1mword={SECRET}\n", "stderr"),
            failed("KeyError", f"'{SECRET}'", ["\x1b[31mKeyError\x1b[0m", f"\x1b[31mKeyError\x1b[0m: '{SECRET}'"]),
            failed("KeyError", f"'{SECRET}'"),
        ),
        code_cell(
            "x",
            shown(text_plain=f"token={SECRET}"),
            shown(
                text_html=f"<p title='token={SECRET}'>token={SECRET} <a href='https://h.example/?sig={SECRET}'>a</a></p>"
            ),
            shown(text_markdown=f"token={SECRET}"),
            shown(text_latex=f"token={SECRET}"),
            shown(image_png=PIXEL, text_plain=f"token={SECRET}"),
            {**shown(), "data": {"image/svg+xml": svg}},
            plotly_output(f"token={SECRET}"),
        ),
    ]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_notebooks_secrets_reach_no_report(tmp_path: Path, hidden: bool) -> None:
    path = write_notebook(tmp_path / "n.ipynb", telling_cells(), kernel=f"token={SECRET}")
    page = notebook_html(path, stored(tmp_path), confidential=hidden)
    pictures = "".join(
        base64.b64decode(found).decode("latin-1")
        for found in re.findall(r"data:image/[\w+]+;base64,([A-Za-z0-9+/=]+)", page)
    )
    assert SECRET not in page + pictures
    assert [word in page for word in ("api_key", "Authorization: ", "KeyError: ")] == [not hidden] * 3


def test_a_confidential_notebook_has_only_the_pictures_of_the_store(tmp_path: Path) -> None:
    one = single_report().runs[0]
    assert one.tree is not None
    still = still_html(one.tree, meta_of(one.run))
    gone = still_html(one.tree, replace(meta_of(one.run), run_id="gone"))
    cells = [
        markdown_cell(
            "# J\n\n![a](attachment:a.png) ![b](data:image/png;base64,AAAA)", **{"a.png": {"image/png": PIXEL}}
        ),
        code_cell("a", shown(text_html=still)),
        code_cell("b", shown(text_html=gone), shown(text_html="<p>a value</p>"), shown(text_plain="4711")),
        code_cell("c", shown(image_png=PIXEL), plotly_output("bars"), failed("a secret name", "x")),
    ]
    path = write_notebook(tmp_path / "n.ipynb", cells)
    page = notebook_html(path, stored(tmp_path, single_report()), confidential=True)
    assert page.count("application/octet-stream") == 1
    shown_text = re.sub(r"(?s)<(script|style).*?</\1>", "", page)
    for word in ("a value", "4711", "bars", "a secret name", "data:image/png", "A still"):
        assert word not in shown_text, word
