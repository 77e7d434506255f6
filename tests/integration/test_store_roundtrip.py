"""What was saved is what is read."""

from __future__ import annotations

import math
from dataclasses import replace

import duckdb
import numpy as np
import pytest
from store_kit import START, big_tree, make_recording, make_run, make_session, make_tree, same_tree

from workbench.calltree import CallTree, Samples
from workbench.errors import RunNotFound, StoreError
from workbench.model import CallerChange, Comparison, Frame, FunctionChange, Recording, Verdict
from workbench.store import Store


def test_run_and_session_round_trip(store: Store) -> None:
    session = make_session()
    recording = make_recording(session)
    store.save(session, [recording])
    assert store.session(session.session_id) == session
    assert store.run(recording.run.run_id) == recording.run
    assert store.spans(recording.run.run_id) == list(recording.spans)
    assert same_tree(store.tree(recording.run.run_id), make_tree())
    store.verify()


def test_several_runs_share_frames_and_nodes(store: Store) -> None:
    session = make_session()
    recordings = [make_recording(session, variant) for variant in ("naive", "pooled", "optimized")]
    store.save(session, recordings)
    nodes = len(make_tree())
    assert store.query("SELECT count(*), count(DISTINCT node_id) FROM run_nodes").rows == ((3 * nodes, nodes),)
    assert store.info().nodes == nodes
    assert {run.variant for run in store.session_runs(session.session_id)} == {"naive", "pooled", "optimized"}
    store.verify()


def test_saving_again_changes_nothing(store: Store) -> None:
    session = make_session()
    recording = make_recording(session)
    store.save(session, [recording])
    before = store.info()
    store.save(session, [recording])
    after = store.info()
    assert (before.runs, before.samples, before.spans, before.nodes) == (
        after.runs,
        after.samples,
        after.spans,
        after.nodes,
    )
    assert after.spooled == 0


def test_a_session_may_grow(store: Store) -> None:
    session = make_session()
    store.save(session, [make_recording(session, "a")])
    store.save(session, [make_recording(session, "b", extra=2)])
    assert [run.variant for run in store.session_runs(session.session_id)] == ["a", "b"]
    assert same_tree(store.tree(f"{session.session_id}-b"), make_tree(2))
    store.verify()


def test_a_run_without_tree_and_spans(store: Store) -> None:
    session = make_session(environment=make_session().environment, parameters={})
    run = make_run(session, parameters={}, tags=(), rounds=())
    store.save(session, [Recording(run)])
    assert store.run(run.run_id) == run
    assert len(store.tree(run.run_id)) == 0
    assert store.spans(run.run_id) == []


def test_numbers_that_are_none(store: Store) -> None:
    session = make_session()
    run = make_run(session)
    first = replace(run.rounds[0], measures={"wall": math.nan})
    store.save(session, [Recording(replace(run, rounds=(first,)))])
    assert math.isnan(store.run(run.run_id).rounds[0].measures["wall"])


def test_odd_text_is_kept_escaped(store: Store) -> None:
    session = make_session()
    run = make_run(session, name="a\0b \udcff é 木 🙂")
    store.save(session, [Recording(run)])
    assert store.run(run.run_id).name == "a\\x00b \\udcff é 木 🙂"


def test_equal_frames_after_redaction_keep_their_numbers(store: Store) -> None:
    """Two files become one by redaction: numbers and times stay."""
    frames = (Frame("x?token=aaa1", "f"), Frame("x?token=bbb2", "f"))
    one = np.array([1, 1], dtype=np.int64)
    tree = CallTree(
        frames=frames,
        node_parent=np.array([-1, -1], dtype=np.int32),
        node_frame=np.array([0, 1], dtype=np.int32),
        threads=("t",),
        samples=Samples(one.cumsum(), one, *(np.array(c, dtype=np.int32) for c in ([0, 1], [0, 0], [0, 0]))),
    )
    session = make_session()
    run = make_run(session)
    store.save(session, [Recording(run, tree)])
    read = store.tree(run.run_id)
    assert read.frames == (Frame("x?token=[redacted]", "f"),)
    assert read.samples.node.tolist() == [0, 1]
    store.verify()


def test_runs_are_newest_first_and_filtered(store: Store) -> None:
    for number in (3, 1, 2):
        session = make_session(number)
        store.save(session, [make_recording(session, scenario="jamf" if number < 3 else "hr")])
    assert [run.session_id[-1] for run in store.runs()] == ["3", "2", "1"]
    assert [run.session_id[-1] for run in store.runs(scenario="jamf", limit=1)] == ["2"]
    assert [session.session_id[-1] for session in store.sessions()] == ["3", "2", "1"]


def test_resolve(store: Store) -> None:
    for number in (1, 2):
        session = make_session(number)
        store.save(session, [make_recording(session)])
    assert store.resolve("latest") == "260301-120002-00000002-naive"
    assert store.resolve("latest~1") == "260301-120001-00000001-naive"
    assert store.resolve("260301-120001") == "260301-120001-00000001-naive"
    assert store.resolve("260301-120001-00000001-naive") == "260301-120001-00000001-naive"
    assert store.session("260301-120002").session_id == "260301-120002-00000002"
    for text in ("latest~2", "nope", "", "latest~", "%"):
        with pytest.raises(RunNotFound, match="workbench runs"):
            store.resolve(text)
    with pytest.raises(RunNotFound, match="several runs"):
        store.resolve("2603")
    with pytest.raises(RunNotFound, match="no session 'x'"):
        store.session("x")


@pytest.mark.parametrize("method", ["run", "tree", "spans"])
def test_unknown_runs_are_said_to_be_unknown(store: Store, method: str) -> None:
    with pytest.raises(RunNotFound, match="no run 'x'"):
        getattr(store, method)("x")


def test_reading_an_absent_store_makes_no_file(store: Store) -> None:
    assert store.runs() == []
    assert store.sessions() == []
    assert store.info().exists is False
    assert store.query("SELECT count(*) FROM v_runs").rows == ((0,),)
    store.verify()
    assert list(store.path.parent.iterdir()) == []


def test_comparison_round_trip_and_replacement(store: Store) -> None:
    session = make_session()
    store.save(session, [make_recording(session, "a"), make_recording(session, "b")])
    callers = (CallerChange(Frame("f.py", "g"), 1.0, 0.0), CallerChange(None, 0.0, 1.0))
    change = FunctionChange(Frame("f.py", "f", 3), 1.0, 2.0, 0.5, 0.75, 0.8, 1.2, 0.001, "moved", callers)
    comparison = Comparison(
        base=f"{session.session_id}-a",
        new=f"{session.session_id}-b",
        verdict=Verdict.IMPROVEMENT,
        ratio=0.5,
        ci=(0.4, 0.6),
        pairs=15,
        seconds=-1.25,
        differences=("python: 3.11 / 3.12",),
        functions=(change,),
        counts={"requests": (10.0, 5.0)},
        sentence="faster",
    )
    store.save_comparison(session.session_id, replace(comparison, verdict=Verdict.PASS))
    store.save_comparison(session.session_id, comparison)
    assert store.comparisons(session.session_id) == [comparison]
    without = replace(comparison, base="x", ratio=math.nan, ci=(math.nan, math.nan), pairs=0)
    store.save_comparison(session.session_id, without)
    read = next(c for c in store.comparisons(session.session_id) if c.base == "x")
    assert math.isnan(read.ratio) and all(map(math.isnan, read.ci))
    untested = replace(without, functions=(FunctionChange(Frame("f.py", "f"), 1.0, 2.0, 0.5, 0.75),))
    store.save_comparison(session.session_id, untested)
    (read_change,) = next(c for c in store.comparisons(session.session_id) if c.base == "x").functions
    assert all(map(math.isnan, (read_change.low, read_change.high, read_change.q)))


def test_a_comparison_of_an_older_workbench_is_read(store: Store) -> None:
    session = make_session()
    store.save(session, [make_recording(session, "a")])
    store.save_comparison(session.session_id, Comparison("a", "b", Verdict.PASS, 1.0, (0.9, 1.1), 6, 1.0))
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("""UPDATE comparisons SET functions = '[["f.py", "f", 0, 1.0, 2.0, 0.5, null]]'""")
    ((change,),) = [c.functions for c in store.comparisons(session.session_id)]
    assert (change.frame, change.base_seconds, change.change, change.callers) == (Frame("f.py", "f"), 1.0, "", ())
    assert math.isnan(change.new_share) and math.isnan(change.low) and math.isnan(change.q)


def test_tag_rename_delete(store: Store) -> None:
    one, two = make_session(1), make_session(2)
    store.save(one, [make_recording(one, "a"), make_recording(one, "b", extra=3)])
    store.save(two, [make_recording(two, "a")])
    first, second = (f"{one.session_id}-{variant}" for variant in "ab")
    store.tag(first, "mine")
    store.tag(first, "mine")
    store.rename(first, "other")
    assert store.run(first).tags == ("best", "kept", "mine")
    assert store.run(first).name == "other"
    nodes = store.info().nodes
    store.delete([second])
    assert store.info().nodes == nodes - 3  # what only that run used is gone
    assert same_tree(store.tree(first), make_tree())
    store.verify()
    store.delete([first, f"{two.session_id}-a"])
    counts = store.info()
    assert (counts.runs, counts.sessions, counts.frames, counts.nodes, counts.samples, counts.spans) == (0,) * 6
    for table in (
        "environments",
        "packages",
        "parameters",
        "tags",
        "rounds",
        "measures",
        "threads",
        "line_weights",
    ):
        assert store.query(f"SELECT count(*) FROM {table}").rows == ((0,),), table
    for change in (lambda: store.delete(["x"]), lambda: store.tag("x", "y"), lambda: store.rename("x", "y")):
        with pytest.raises(RunNotFound):
            change()


def test_recordings_must_belong_together(store: Store) -> None:
    session = make_session()
    recording = make_recording(session)
    with pytest.raises(StoreError, match="two runs of the same id"):
        store.save(session, [recording, recording])
    with pytest.raises(StoreError, match="not of session"):
        store.save(make_session(9), [recording])


def test_times_without_zone_are_utc(store: Store) -> None:
    session = make_session(started_at=START.replace(tzinfo=None))
    store.save(session, [])
    assert store.session(session.session_id).started_at == START


def test_a_million_samples_are_small_and_exact(store: Store) -> None:
    session = make_session()
    count = 1_000_000
    tree = big_tree(count)
    run = make_run(session)
    store.save(session, [Recording(run, tree)])
    blocks = "SELECT count(DISTINCT block_id) FROM pragma_storage_info('samples') WHERE block_id >= 0"
    size = store.query(blocks).rows[0][0] * 262_144
    assert size / count < 4.3  # bytes a sample, time and thread included
    read = store.tree(run.run_id)
    assert read.frames == tuple(tree.frames[: len(read.frames)])
    assert same_tree(read, replace(tree, frames=read.frames))
    totals = store.query("SELECT samples, self_s FROM v_functions WHERE run_id = ?", [run.run_id])
    assert sum(totals.column("samples")) == count
    assert sum(totals.column("self_s")) == pytest.approx(count / 1000)
