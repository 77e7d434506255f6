"""Plans of statements: kept with the run, redacted, shown; and the store of a version 1 brought up to them."""

from __future__ import annotations

import json
import lzma
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from store_kit import make_recording, make_session

from workbench.cli.main import cli
from workbench.model import Plan, PlanOperator
from workbench.reporting.load import load_report
from workbench.reporting.write import report_html
from workbench.store import Store
from workbench.store.migrations import CURRENT

GOLDEN = Path(__file__).parents[1] / "golden" / "store_v1.duckdb.xz"  # written by version 1's own code

PLAN = Plan(
    statement="SELECT id FROM workflows WHERE team = %(team_1)s ORDER BY id LIMIT %(limit)s",
    engine="postgresql",
    operators=(
        PlanOperator("Limit", 0, "", {"rows": 50.0, "seconds": 0.001}),
        PlanOperator("Index Scan", 1, "workflows_pkey on workflows", {"rows": 50.0, "shared_hit_blocks": 4.0}),
    ),
    document=json.dumps([{"Plan": {"Node Type": "Limit", "Total Cost": 8.25}, "Execution Time": 1.5}]),
    measures={"seconds": 0.0015, "shared_hit_blocks": 4.0},
)


def saved(folder: Path, *plans: Plan) -> tuple[Store, str]:
    store = Store(folder / "s.duckdb")
    session = make_session()
    recording = replace(make_recording(session), plans=plans)
    store.save(session, [recording])
    return store, recording.run.run_id


def test_plans_come_back_as_they_were(tmp_path: Path) -> None:
    other = replace(PLAN, engine="neo4j", statement="MATCH (n:Resource) RETURN n", document="", operators=())
    store, run_id = saved(tmp_path, PLAN, other)
    assert store.plans(run_id) == [PLAN, other]
    store.verify()


def test_views_show_operators_as_lines_and_as_rows(tmp_path: Path) -> None:
    store, run_id = saved(tmp_path, PLAN, replace(PLAN, operators=()))
    table = store.query("SELECT variant, plan, operators, measures->>'$.seconds' FROM v_plans ORDER BY plan")
    lines = "Limit\n  Index Scan workflows_pkey on workflows"
    assert table.rows == (("naive", 0, lines, "0.0015"), ("naive", 1, "", "0.0015"))
    rows = store.query("SELECT run_id, plan, position, depth, operator, rows FROM v_plan_operators").rows
    assert rows == ((run_id, 0, 0, 0, "Limit", 50.0), (run_id, 0, 1, 1, "Index Scan", 50.0))


def test_literals_and_secrets_of_a_plan_do_not_get_through(tmp_path: Path) -> None:
    canary = "C4NARY"
    condition = f"((team)::text = '{canary}'::text) AND (n > 4711)"
    plan = Plan(
        statement=f"SELECT * FROM t WHERE a = '{canary}' AND n = 4711 -- {canary}",
        engine="postgresql",
        operators=(PlanOperator("Seq Scan", 0, f"t filter {condition}", {f"token={canary}": 1.0}),),
        document=json.dumps([{"Plan": {"Filter": condition, "Output": [f"'{canary}'"], "Plan Rows": 5}}]),
        measures={"rows": 1.0},
    )
    cypher = Plan(f'MATCH (n {{name: "{canary}"}})', "neo4j", (PlanOperator("Filter", 0, f'n.name = "{canary}"'),))
    store, run_id = saved(tmp_path, plan, cypher, replace(plan, document=f"no JSON: '{canary}'"))
    kept = store.plans(run_id)
    assert canary not in str(kept) and "4711" not in str(kept)
    assert kept[0].statement.startswith("SELECT * FROM t WHERE a = ? AND n = ?")
    assert json.loads(kept[0].document)[0]["Plan"]["Plan Rows"] == 5
    assert canary not in str(store.query("FROM plans").rows)


def test_deleting_a_run_removes_its_plans(tmp_path: Path) -> None:
    store, run_id = saved(tmp_path, PLAN)
    store.delete([run_id])
    assert store.query("FROM plans").rows == ()


def test_show_and_report_have_the_plan(tmp_path: Path) -> None:
    store, run_id = saved(tmp_path, PLAN, replace(PLAN, statement="<script>alert(1)</script>"))
    shown = CliRunner().invoke(cli, ["show", "latest", "--store", str(store.path)])
    assert "plan of SELECT id FROM workflows" in shown.output and "Index Scan" in shown.output
    document = CliRunner().invoke(cli, ["show", "latest", "--json", "--store", str(store.path)])
    operator = json.loads(document.output)["plans"][0]["operators"][1]
    assert operator["operator"] == "Index Scan" and operator["measures"] == {"rows": 50, "shared_hit_blocks": 4}
    page = report_html(load_report(store, [run_id]))
    assert "workflows_pkey on workflows" in page and "Plans of 2 statements" in page
    assert "<script>alert(1)" not in page


def test_a_store_of_version_1_is_upgraded_and_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    path.write_bytes(lzma.decompress(GOLDEN.read_bytes()))
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT max(version) FROM workbench_migrations").fetchone() == (1,)
        before = connection.execute("SELECT count(*), round(sum(self_s), 9) FROM v_functions").fetchone()
    store = Store(path)
    runs = store.runs()  # a reader migrates
    assert [run.variant for run in runs] == ["optimized", "naive"]
    assert [store.plans(run.run_id) for run in runs] == [[], []]
    assert store.query("SELECT count(*), round(sum(self_s), 9) FROM v_functions").rows == (before,)
    assert (
        store.info().schema_version
        == CURRENT
        == store.query("SELECT max(version) FROM workbench_migrations").rows[0][0]
    )
    session = make_session(1)
    store.save(session, [replace(make_recording(session), plans=(PLAN,))])
    assert store.plans(store.resolve("latest")) == [PLAN]
    store.verify()


@pytest.mark.parametrize("old", ["0.1.0"])
def test_a_spooled_recording_without_plans_is_taken(tmp_path: Path, old: str) -> None:
    """An entry that a version 1 left in the spool lists no such table."""
    store, run_id = saved(tmp_path)
    assert store.plans(run_id) == []
    assert store.session(store.run(run_id).session_id).environment.workbench == old
