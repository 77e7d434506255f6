"""The explorer's answers to its page; the page itself is tested in a browser."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import pytest
from sample_runs import EVIL, STARTED, jamf_tree, run, session

import workbench as wb
from workbench.errors import UsageError
from workbench.model import Recording
from workbench.notebook.explorer import Explorer
from workbench.store import Store
from workbench.views.payload import decode

FIRST, SECOND = "261123-040000-aaaa", "261123-040001-bbbb"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "store.duckdb")
    recordings = [
        Recording(replace(run(name, [seconds] * 8), run_id=run_id, name=name), jamf_tree(seed=n, samples=200))
        for n, (name, seconds, run_id) in enumerate((("naive", 2.0, FIRST), ("optimized", 0.5, SECOND)))
    ]
    made.save(session(), recordings)
    return made


def asked(explorer: Explorer, do: str, **more: Any) -> dict[str, Any]:
    answer = explorer.asked({"do": do, **more})
    assert answer is not None
    return answer[0]


def test_it_lists_the_runs_and_answers_a_poll_with_news_only(store: Store) -> None:
    explorer = wb.explorer(store=store)
    opened, _ = explorer.opened()
    assert opened["kind"] == "explorer"
    assert {row["name"] for row in opened["runs"]} == {"naive", "optimized"}
    assert all(row["at"] == STARTED.timestamp() for row in opened["runs"])
    assert opened["more"] is False
    assert asked(explorer, "poll", stamp=opened["stamp"])["do"] == "same"
    elsewhere = Store(store.path)
    elsewhere.rename(FIRST, "written elsewhere")
    news = asked(explorer, "poll", stamp=opened["stamp"])
    assert news["do"] == "list"
    assert "written elsewhere" in {row["name"] for row in news["runs"]}


def test_runs_are_tagged_renamed_and_deleted(store: Store) -> None:
    explorer = wb.explorer(store=store)
    tagged = asked(explorer, "tag", runs=[FIRST, SECOND], text=" keep  slow ")
    assert [row["tags"] for row in tagged["runs"]] == [["keep", "slow"]] * 2
    assert tagged["of"] == "tag"
    untagged = asked(explorer, "untag", runs=[FIRST, SECOND], tag="slow")
    assert [row["tags"] for row in untagged["runs"]] == [["keep"]] * 2
    asked(explorer, "untag", runs=[FIRST], tag="keep")
    assert {
        row["id"]: row["tags"] for row in asked(explorer, "untag", runs=[FIRST, SECOND], tag="keep")["runs"]
    } == {
        FIRST: [],
        SECOND: [],
    }
    assert {r["name"] for r in asked(explorer, "rename", runs=[FIRST], text=" old ")["runs"]} == {
        "old",
        "optimized",
    }
    assert [row["id"] for row in asked(explorer, "delete", runs=[FIRST])["runs"]] == [SECOND]
    assert [each.run_id for each in store.runs()] == [SECOND]


def test_two_runs_are_compared_and_one_is_drawn(store: Store) -> None:
    explorer = wb.explorer(store=store)
    comparison = explorer.asked({"do": "compare", "runs": [FIRST, SECOND]})
    assert comparison is not None
    assert comparison[0]["names"] == ["naive", "optimized"]
    assert "IMPROVEMENT" in comparison[0]["html"]
    assert "diff" in decode(comparison[1][0]).header
    answer = explorer.asked({"do": "graph", "runs": [SECOND]})
    assert answer is not None
    assert decode(answer[1][0]).meta.name == "optimized"


def test_runs_that_cant_be_compared_are_refused_until_one_insists(store: Store) -> None:
    other = replace(session(), session_id="261123-050000-cccc")
    other = replace(other, environment=replace(other.environment, python="3.99.0"))
    stranger = replace(
        run("stranger", [1.0] * 8), run_id="261123-050000-dddd", session_id=other.session_id, name="stranger"
    )
    store.save(other, [Recording(stranger, jamf_tree(samples=50))])
    explorer = wb.explorer(store=store)
    runs = [FIRST, stranger.run_id]
    refused = asked(explorer, "compare", runs=runs)
    assert refused["do"] == "refused"
    assert "--force" not in refused["error"]
    assert asked(explorer, "compare", runs=runs, force=True)["do"] == "compared"


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"do": "tag", "runs": [FIRST], "text": "  "}, "a tag is a word"),
        ({"do": "untag", "runs": [FIRST, SECOND], "tag": "gone"}, "has the tag 'gone'"),
        ({"do": "rename", "runs": [FIRST, SECOND], "text": "x"}, "one run is renamed at a time"),
        ({"do": "compare", "runs": [FIRST]}, "takes two runs"),
        ({"do": "graph", "runs": []}, "of one run"),
        ({"do": "format the disk"}, "can't 'format the disk'"),
    ],
)
def test_what_makes_no_sense_is_refused(store: Store, question: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        wb.explorer(store=store).asked(question)


def test_a_page_is_told_of_every_failure_in_one_line(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("anywidget")
    from workbench.notebook.bridge import Bridge

    bridge, sent = Bridge(), list[dict[str, Any]]()
    bridge.send = lambda content, buffers=None: sent.append(content)
    explorer = wb.explorer(store=store)
    bridge.show(explorer)
    bridge.show(explorer)
    assert [message["do"] for message in sent] == ["open"], "what is shown twice travels once"
    bridge._on_message(bridge, {"to": explorer.live_id, "do": "open"}, [])
    bridge._on_message(bridge, {"to": explorer.live_id, "do": "delete", "runs": ["nonsense"]}, [])
    bridge._on_message(bridge, {"to": explorer.live_id, "do": "poll", "runs": 3}, [])
    bridge._on_message(bridge, {"to": "another kernel's", "do": "open"}, [])
    bridge._on_message(bridge, "nonsense", [])
    assert [message["do"] for message in sent] == ["open", "open", "failed", "failed"]
    assert "no run 'nonsense'" in sent[2]["error"]
    assert "\n" not in sent[3]["error"]
    bridge.close()


def test_an_empty_store_and_a_limit(tmp_path: Path, store: Store) -> None:
    nothing = Store(tmp_path / "none" / "store.duckdb")
    assert wb.explorer(store=nothing).opened()[0]["runs"] == []
    assert "No runs" in wb.explorer(store=nothing)._repr_mimebundle_()["text/html"]
    assert not nothing.path.exists(), "looking makes no store"
    opened, _ = wb.explorer(store=store, limit=1).opened()
    assert (len(opened["runs"]), opened["more"]) == (1, True)
    with pytest.raises(UsageError, match="at least one run"):
        wb.explorer(limit=0)


def test_a_store_that_is_none_is_told_of_and_the_panel_opens_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_text("not a database " * 100)
    opened, _ = wb.explorer(store=Store(path)).opened()
    assert opened["runs"] == []
    assert "store.duckdb" in opened["error"]
    assert "store.duckdb" in wb.explorer(store=Store(path))._repr_mimebundle_()["text/html"]


def test_hostile_names_travel_as_they_are_and_are_text_in_the_saved_table(store: Store) -> None:
    """The panel writes names as text; only what is saved is HTML."""
    store.rename(FIRST, EVIL[1])
    store.rename(SECOND, EVIL[0])
    explorer = wb.explorer(store=store)
    compared = asked(explorer, "compare", runs=[FIRST, SECOND])
    assert compared["names"] == [EVIL[1], EVIL[0]]
    assert "<table" in compared["html"] and "<img" not in compared["html"]
    saved = explorer._repr_mimebundle_()["text/html"]
    assert escape(EVIL[1]) in saved and escape(EVIL[0]) in saved
    assert "<img" not in saved and "<script" not in saved
