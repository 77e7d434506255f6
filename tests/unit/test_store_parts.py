"""Parts of the store that need no file."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from workbench.calltree import Samples
from workbench.store import Store, Table, default_path, new_id
from workbench.store.connection import memory
from workbench.store.ids import run_key
from workbench.store.schema_doc import schema_markdown
from workbench.store.trees import gaps, times

ROOT = Path(__file__).parents[2]


def test_schema_page_is_current() -> None:
    assert (ROOT / "docs" / "schema.md").read_text(encoding="utf-8") == schema_markdown(), (
        "run: python -m workbench.store.schema_doc"
    )


def test_a_new_data_folder_of_a_checkout_is_ignored_by_git(tmp_path: Path) -> None:
    checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    (checkout / ".git").mkdir(parents=True)
    kept = checkout / "kept"
    kept.mkdir()
    for folder in (checkout / "data", kept, elsewhere):
        Store(folder / "workbench.duckdb").prepare()
    assert (checkout / "data" / ".gitignore").read_text() == "*\n"
    assert not (kept / ".gitignore").exists()  # somebody else's folder
    assert not (elsewhere / ".gitignore").exists()


def test_everything_in_the_schema_is_described() -> None:
    connection = memory()
    for catalog, name in (("duckdb_tables()", "table_name"), ("duckdb_views()", "view_name")):
        bare = connection.execute(f"SELECT {name} FROM {catalog} WHERE NOT internal AND comment IS NULL").fetchall()
        assert bare == []
    bare = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    assert bare == []
    connection.close()


def test_ids_sort_by_time_and_are_unique() -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    ids = [new_id(moment + timedelta(seconds=n)) for n in range(100)]
    assert ids == sorted(ids)
    assert re.fullmatch(r"260301-120000-[0-9a-f]{8}", ids[0])
    assert len({new_id(moment) for _ in range(1000)}) == 1000
    assert new_id(moment.astimezone(datetime.now().astimezone().tzinfo))[:13] == "260301-120000"


def test_run_keys_order_by_time_and_fit() -> None:
    moment = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert run_key("a", moment) == run_key("a", moment.replace(tzinfo=None)) != run_key("b", moment)
    assert run_key("z", moment) < run_key("a", moment + timedelta(seconds=1)) < 2**63
    assert run_key("a", moment) == 7612255727370681998  # in every store and version the same


def test_gaps_and_times_are_inverse() -> None:
    random = np.random.default_rng(1)
    for size in (0, 1, 2, 1000):
        samples = Samples(
            time_ns=random.integers(0, 10**12, size),
            weight_ns=random.integers(0, 10**7, size),
            node=np.zeros(size, dtype=np.int32),
            thread=random.integers(0, 3, size).astype(np.int32),
            round=random.integers(0, 3, size).astype(np.int32),
        )
        again = times(samples.round, samples.thread, gaps(samples), samples.weight_ns)
        assert np.array_equal(again, samples.time_ns)


def test_gaps_of_samples_end_to_end_are_zero() -> None:
    weight = np.array([5, 7, 9], dtype=np.int64)
    zero = np.zeros(3, dtype=np.int32)
    assert gaps(Samples(weight.cumsum(), weight, zero, zero, zero)).tolist() == [0, 0, 0]


def test_table_as_html_is_escaped_and_bounded() -> None:
    table = Table(("<b>",), tuple(("<script>" + "x" * 1000,) for _ in range(250)))
    html = table._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html and "&lt;b&gt;" in html
    assert html.count("<tr>") == 201
    assert "50 more rows" in html
    assert len(html) < 201 * 600


def test_table_as_json() -> None:
    row = (
        1,
        math.nan,
        Decimal("1.5"),
        datetime(2026, 1, 2, 3, 4),
        None,
        True,
        b"\x01",
        [1.0, math.inf],
        {"a": (1,)},
    )
    table = Table(tuple("abcdefghi"), (row,))
    assert table.to_json()["rows"] == [
        [1, None, 1.5, "2026-01-02T03:04:00", None, True, "01", [1.0, None], {"a": [1]}]
    ]
    assert table.column("a") == [1]
    assert len(table) == 1 and list(table) == [row]


@pytest.fixture
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_STORE", raising=False)


def test_default_path_by_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_STORE", "here.duckdb")
    assert default_path() == Path.cwd() / "here.duckdb"
    monkeypatch.setenv("WORKBENCH_STORE", "~/x.duckdb")
    assert default_path() == Path.home() / "x.duckdb"
    assert Store().path == Path.home() / "x.duckdb"
    assert Store(tmp_path / "y.duckdb").path == tmp_path / "y.duckdb"


@pytest.mark.usefixtures("no_environment")
def test_default_path_in_a_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.workbench]\n[project]\nname = "mine"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert default_path(below) == tmp_path / "data" / "workbench.duckdb"
    assert default_path(ROOT / "tests") == ROOT / "data" / "workbench.duckdb"


@pytest.mark.usefixtures("no_environment")
@pytest.mark.parametrize(
    "text", ['[project]\nname = "mine"\n', '[project]\nname = "workbench"\n', "[broken", "\xff"]
)
def test_default_path_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="latin-1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    path = default_path(tmp_path)
    assert path.name == "workbench.duckdb"
    assert path.parent != tmp_path / "data"
    assert str(path).startswith(str(tmp_path))


def test_importing_the_store_does_not_load_duckdb() -> None:
    import subprocess
    import sys

    code = "import sys, workbench.store; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
