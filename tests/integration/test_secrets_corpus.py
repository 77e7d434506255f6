"""One secret through every entry, looked for at every exit: store, reports, gate's papers and notebooks' pages."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from sample_pages import code_cell, failed, markdown_cell, printed, shown, write_notebook
from sample_runs import run, session, spans_of

from workbench.calltree import CallTreeBuilder
from workbench.capture.outcome import outcome_of
from workbench.capture.source import digest_of
from workbench.experiment.gate import GateOutcome, GateResult, Revision, TargetResult
from workbench.model import Comparison, Frame, FunctionSource, Plan, PlanOperator, Recording, Verdict
from workbench.paths import normalise
from workbench.reporting import confidential, load_report, report_html, report_markdown
from workbench.reporting.gate import gate_json, gate_junit, gate_markdown
from workbench.reporting.notebook import notebook_html
from workbench.store import Store

S = "Zq9SECRETx"
"""How every secret begins; the two digits behind it say which it is."""

PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{S}\n{S}==\n-----END RSA PRIVATE KEY-----"
FORMS = {
    "pair": f"api_key = '{S}'",
    "header": f"Authorization: Bearer {S}",
    "cookie": f"Set-Cookie: sid={S}; Path=/",
    "address": f"https://h.example/p?sig={S}#access_token={S}",
    "remote": f"https://bob:{S}@git.example/team/code.git",
    "connection": f"postgresql://bob:{S}@db.example/shop",
    "key": PEM,
    "sql": f"SELECT a\nFROM b\nWHERE email = '{S}'",
    "cypher": f"MERGE (n:Person {{name: '{S}'}})",
    "option": f"prog --password {S} -v",
    "arguments": f"['curl', '-u', 'bob:{S}']",
    "environment": f"AWS_SECRET_ACCESS_KEY={S}",
    "json": json.dumps({"password": S, "n": 1}),
}
ERRORS = {
    "key error": KeyError(S),
    "duplicate": ValueError(f"Duplicate entry '{S}' for key 'users.email'"),
    "property": ValueError(f"Node(1) already exists with label `User` and property `email` = '{S}'"),
    "detail": ValueError(f"duplicate key value: Key (email)=({S}) already exists."),
    "command": ValueError(f"Command '['tool', '-x', '{S}']' returned non-zero exit status 1."),
    "exit": SystemExit(f"no account {S}"),
    **{f"with {name}": RuntimeError(text) for name, text in FORMS.items() if name != "key"},
}


def entries() -> list[tuple[str, BaseException]]:
    """Pairs of a text and an exception, each with a secret of its own."""
    texts = [(text, ValueError("nothing")) for text in FORMS.values()]
    errors = [("nothing", error) for error in ERRORS.values()]
    return [
        (text.replace(S, f"{S}{number}"), type(error)(str(error.args[0]).replace(S, f"{S}{number}")))
        for number, (text, error) in enumerate([*texts, *errors], 10)
    ]


def source(text: str) -> str:
    """A function with the text in a string, in strings beside each other and in comments."""
    beside = "\n        ".join(repr(line) for line in text.split("\n"))
    comment = text.replace("\n", "\n    # ") if "PRIVATE" not in text else "none"
    return (
        f'def work():\n    whole = """{text}"""\n    beside = (\n        {beside}\n    )\n    # {comment}\n'
        "    return whole, beside\n"
    )


def recording(folder: Path, number: int, text: str, error: BaseException) -> Recording:
    """A run with the text in all that a recording holds; its source stands in a file."""
    path = folder / f"{folder.name}_{number}.py"
    path.write_text(source(text), encoding="utf-8")
    lines = path.read_text(encoding="utf-8").splitlines()
    frame = Frame(normalise(str(path)), "work")
    builder = CallTreeBuilder()
    builder.thread(text)
    label = Frame("other.py", f"call({text!r})")
    builder.sample(time_ns=1, weight_ns=1_000_000, node=builder.node([label, frame]), line=2)
    status, line = outcome_of(error)
    made = run(
        "naive", [1.0], name=f"test_x[{text}]", run_id=f"run-{number}", tags=(text,), status=status, error=line,
        parameters={"command": text, "env": text},
    )  # fmt: skip
    failed_round = replace(made.rounds[0], index=9, position=9, status=status, error=line)
    made = replace(made, rounds=(*made.rounds, failed_round))
    model = spans_of(made.rounds[:1], name="x")[0]
    attributes = {"db.query.text": text, "url.full": text, "note": text}
    spans = tuple(
        replace(model, number=n, parent=-1, kind=kind, name=text, attributes=attributes)
        for n, kind in enumerate(("http", "sql", "cypher", "span"))
    )
    plan = Plan(text, "postgresql", (PlanOperator("Scan", 0, text),), text)
    sources = (FunctionSource(frame, 1, len(lines), digest_of(lines)),)
    return Recording(made, builder.build(), spans, (plan,), sources)


def saved(folder: Path) -> Store:
    """A store with a run of each entry, and comparisons that say what they hold."""
    (folder / "pyproject.toml").touch()
    sitting = replace(session(), parameters={f"argv{n}": text for n, (text, _) in enumerate(entries())})
    store = Store(folder / "s.duckdb")
    store.save(sitting, [recording(folder, n, *entry) for n, entry in enumerate(entries())])
    texts = tuple(text for text, _ in entries())
    base = Comparison("run-0", "run-1", Verdict.PASS, 1.0, (0.9, 1.1), 15, 1.0, differences=texts)
    store.save_comparison(sitting.session_id, replace(base, sentence=texts[0]))
    return store


def unpacked(page: str) -> str:
    """The page with the payloads of its pictures and its images unpacked."""
    packed = re.findall(r'<script type="application/octet-stream">([^<]+)</script>', page)
    images = re.findall(r"data:image/[\w+]+;base64,([A-Za-z0-9+/=]+)", page)
    texts = [zlib.decompress(base64.b64decode(each)) for each in packed] + [base64.b64decode(i) for i in images]
    return page + "".join(text.decode("latin-1") for text in texts)


def gate() -> GateResult:
    """What a gate found of tests that failed with the exceptions."""
    targets = tuple(
        TargetResult(f"tests/test_x.py::test_y[{text}]", GateOutcome.FAILED, outcome_of(error)[1])
        for text, error in entries()
    )
    revision = Revision("main", "a" * 40, "subject")
    return GateResult(revision, revision, "this environment", targets, 1.0, ())


def cells() -> list[dict[str, Any]]:
    made = []
    for text, error in entries():
        name, said = type(error).__name__, str(error)
        made += [
            markdown_cell(f"# A title\n\n{text}\n"),
            code_cell(source(text), printed(f"{text}\n"), printed(f"{text}\n", "stderr")),
            code_cell("f()", failed(name, said, [f"\x1b[31m{name}\x1b[0m: {said}"]), failed(name, said)),
            code_cell("g()", shown(text_plain=text), shown(text_html=f"<pre>{escape(text)}</pre>")),
        ]
    return made


def test_a_secret_leaves_by_no_exit(tmp_path: Path) -> None:
    store = saved(tmp_path)
    report = load_report(store, [session().session_id])
    page = unpacked(report_html(report))
    notebook = write_notebook(tmp_path / "n.ipynb", cells())
    tables = store.query("SELECT table_name FROM duckdb_tables()").column("table_name")
    exits = {
        "store": store.path.read_bytes().decode("latin-1"),
        **{table: str(store.query(f"FROM {table}").rows) for table in tables},
        "report": page,
        "confidential report": unpacked(report_html(confidential(report))),
        "markdown": report_markdown(report),
        "gate's markdown": gate_markdown(gate()),
        "gate's JUnit": gate_junit(gate()),
        "gate's JSON": json.dumps(gate_json(gate())),
        "notebook": unpacked(notebook_html(notebook, store)),
        "confidential notebook": unpacked(notebook_html(notebook, store, confidential=True)),
    }
    names = dict(enumerate([*FORMS, *ERRORS], 10))
    met = {name: {names[int(each)] for each in re.findall(rf"{S}(\d\d)", told)} for name, told in exits.items()}
    assert {name: found for name, found in met.items() if found} == {}
    assert page.count("return whole, beside") >= len(entries())  # the source is shown, or nothing was looked at
