"""Questions of others are answered, and nothing else is done for them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from store_kit import make_recording, make_run, make_session, make_tree

from workbench.errors import QueryRefused
from workbench.model import Round, RoundKind
from workbench.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("query") / "s.duckdb")
    session = make_session()
    store.save(session, [make_recording(session, "naive"), make_recording(session, "pooled", extra=1)])
    return store


def run_id(variant: str) -> str:
    return f"{make_session().session_id}-{variant}"


REFUSED = [
    "CREATE TABLE x (a INTEGER)",
    "INSERT INTO tags VALUES ('a', 'b')",
    "DELETE FROM runs",
    "DROP VIEW v_runs",
    "ATTACH '{folder}/other.duckdb'",
    "ATTACH ':memory:' AS m",
    "COPY runs TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "FROM glob('/*')",
    "SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "SELECT * FROM secret_of_the_caller",
    "SELECT 1; DELETE FROM runs",
    "SELECT 1; SELECT 2",
    "EXPLAIN ANALYZE DELETE FROM runs",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE SECRET s (TYPE s3)",
    "VACUUM",
    "BEGIN",
    "",
    "   -- nothing",
    "SELEC 1",
    "SELECT nme FROM v_runs",
    "SELECT ?",
    "SELECT '\ud800'",
]


@pytest.mark.parametrize("sql", REFUSED)
def test_refused_in_one_line(store: Store, tmp_path: Path, sql: str) -> None:
    secret_of_the_caller = {"a": [1]}
    before = store.path.read_bytes()
    with pytest.raises(QueryRefused) as caught:
        store.query(sql.format(folder=tmp_path))
    assert secret_of_the_caller and str(caught.value) and "\n" not in str(caught.value)
    assert store.path.read_bytes() == before
    assert not any(tmp_path.iterdir())


def test_hints_of_duckdb_are_kept(store: Store) -> None:
    with pytest.raises(QueryRefused, match=r"nme.*Candidate bindings.*name"):
        store.query("SELECT nme FROM v_runs")


def test_the_same_holds_without_a_file(tmp_path: Path) -> None:
    empty = Store(tmp_path / "absent.duckdb")
    assert empty.query("SELECT count(*) FROM v_functions").rows == ((0,),)
    for sql in ("SELECT * FROM read_text('/etc/passwd')", "SET enable_external_access = true", "DROP TABLE runs"):
        with pytest.raises(QueryRefused):
            empty.query(sql)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("sql", "rows"),
    [("SHOW TABLES", ("runs",)), ("DESCRIBE v_runs", ("run_id", "VARCHAR")),
     ("SUMMARIZE runs", ("run_id", "VARCHAR")), ("EXPLAIN SELECT 1", ("physical_plan",)), ("VALUES (1)", (1,)),
     ("FROM v_runs", (run_id("naive"),)),
     ("PIVOT v_measures ON name USING median(value) GROUP BY run_id", (run_id("naive"),)),
     ("WITH a AS (SELECT 1) FROM a", (1,))],
)  # fmt: skip
def test_answered(store: Store, sql: str, rows: tuple[object, ...]) -> None:
    """One row begins so."""
    assert rows in [row[: len(rows)] for row in store.query(sql).rows]


def test_parameters_and_json(store: Store) -> None:
    table = store.query("SELECT run_id, started_at, dirty, wall_median_s FROM v_runs WHERE variant = ?", ["naive"])
    assert table.columns == ("run_id", "started_at", "dirty", "wall_median_s")
    document = json.loads(json.dumps(table.to_json()))
    assert document["rows"] == [[run_id("naive"), "2026-03-01T12:00:00.123456", True, 3.5]]


def test_runs_and_rounds(store: Store) -> None:
    (row,) = store.query(
        "SELECT link, scale, kind, rounds, commit, interval_ms FROM v_runs WHERE variant = 'naive'"
    ).rows
    assert row == ("cloud", "small", "scenario", 4, "dfeab8c", 1.0)
    rounds = store.query(
        "SELECT round, kind, wall_s, requests FROM v_rounds WHERE variant = 'naive' ORDER BY round"
    ).rows
    assert rounds[2] == (2, "timing", 3.5, 12.0)
    units = dict(store.query("SELECT DISTINCT name, unit FROM v_measures").rows)
    assert units == {"wall": "s", "cpu": "s", "requests": "count", "own": ""}


def test_times_of_one_call_where_a_round_holds_many(tmp_path: Path) -> None:
    store, session = Store(tmp_path / "s.duckdb"), make_session()
    took = {"wall": 2.0, "cpu": 1.0}
    rounds = (
        Round(0, RoundKind.TIMING, 0, session.started_at, took | {"loops": 400.0}),
        Round(1, RoundKind.TIMING, 1, session.started_at, took),
    )
    store.save(
        session, [replace(make_recording(session), run=make_run(session, rounds=rounds), spans=(), tree=None)]
    )
    shown = store.query("SELECT loops, wall_s, call_wall_s, call_cpu_s FROM v_rounds ORDER BY round").rows
    assert shown == ((400.0, 2.0, 0.005, 0.0025), (1.0, 2.0, 2.0, 1.0))
    assert store.query("SELECT wall_median_s FROM v_runs").rows == (((0.005 + 2.0) / 2,),)


def test_functions_agree_with_the_tree(store: Store) -> None:
    tree = make_tree()
    rows = store.query(
        "SELECT function, self_s, total_s, self_share, total_share FROM v_functions WHERE run_id = ?",
        [run_id("naive")],
    ).rows
    sampled = int(tree.samples.weight_ns.sum())
    for function, self_s, total_s, self_share, total_share in rows:
        within = [node for node in range(len(tree)) if any(f.function == function for f in tree.stack(node))]
        ends = [node for node in within if tree.stack(node)[-1].function == function]
        expected_self = int(tree.self_ns()[ends].sum())
        expected_total = int(tree.self_ns()[within].sum())  # each sample once, however often it recurs
        assert self_s == pytest.approx(expected_self / 1e9)
        assert total_s == pytest.approx(expected_total / 1e9)
        assert (self_share, total_share) == (
            pytest.approx(expected_self / sampled),
            pytest.approx(expected_total / sampled),
        )
    assert len(rows) == len({frame.function for frame in tree.frames})


def test_stacks_lines_samples_and_folded(store: Store) -> None:
    tree = make_tree()
    one = [run_id("naive")]
    stacks = store.query(
        "SELECT number, parent, depth, self_s, total_s FROM v_stacks WHERE run_id = ? ORDER BY number", one
    )
    assert stacks.column("parent") == tree.node_parent.tolist()
    assert stacks.column("depth") == tree.depth().tolist()
    assert stacks.column("total_s") == pytest.approx((tree.total_ns() / 1e9).tolist())
    samples = store.query("SELECT time_ns, weight_ns FROM v_samples WHERE run_id = ? ORDER BY number", one)
    assert samples.column("time_ns") == tree.samples.time_ns.tolist()
    lines = store.query("SELECT sum(self_s) FROM v_lines WHERE run_id = ?", one).rows[0][0]
    assert lines == pytest.approx(tree.lines.weight_ns.sum() / 1e9)
    folded = {stack: count for stack, count, _ in store.query(f"FROM folded('{one[0]}')").rows}
    assert folded["main;Loader.load;Loader.load;Client.get"] == 6
    assert sum(folded.values()) == len(tree.samples)


def test_spans(store: Store) -> None:
    rows = store.query(
        "SELECT number, kind, function, duration_s, attributes->>'$.peer' FROM v_spans WHERE run_id = ? ORDER BY 1",
        [run_id("naive")],
    ).rows
    assert rows[0] == (0, "http", None, 5e-7, "localhost")
    assert rows[1][2] == "main"
    counts = store.query(
        "SELECT kind, spans, errors, bytes_sent FROM v_span_counts WHERE run_id = ? ORDER BY kind",
        [run_id("naive")],
    ).rows
    assert counts == (("connect", 1, 0, 1), ("http", 2, 1, 2))
