"""Digests of sources: of what ran, and only of that."""

from __future__ import annotations

import importlib.util
import linecache
import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.capture.digests import function_sources, process_started
from workbench.capture.source import digest_of, source_lines
from workbench.model import Frame, FunctionSource
from workbench.paths import locate, normalise
from workbench.views.source import CHANGED, MISSING, UNKNOWN, read_source, source_table, source_texts

TEXT = """\
import functools


def above():
    return 1


@functools.cache
def work(n):
    total = sum(
        range(n),
    )
    return total  # token=abcdef0123456789abcdef


PAIR = [lambda x: x + 1,
        lambda x: x - 1]
"""
WORK = (8, 13)


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    (tmp_path / "pyproject.toml").touch()
    return load(tmp_path / f"{tmp_path.name}.py", TEXT)  # a name of its own: any file with the digest will do


def load(path: Path, text: str) -> ModuleType:
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("shop", path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def tree_of(*frames: Frame, line: int = 10) -> CallTree:
    builder = CallTreeBuilder()
    for frame in frames:
        builder.sample(time_ns=1, weight_ns=1000, node=builder.node((frame,)), line=line)
    return builder.build()


def frame_of(module: ModuleType, name: str) -> Frame:
    return Frame(normalise(str(module.__file__)), name)


def code_of(module: ModuleType):
    return module.work.__wrapped__.__code__


def digests(module: ModuleType, *, started: float | None = None) -> tuple[FunctionSource, ...]:
    frame = frame_of(module, "work")
    return function_sources(tree_of(frame), {frame: [code_of(module)]}, started=started)


def test_a_function_is_found_with_its_decorators_and_its_last_line(module: ModuleType) -> None:
    (found,) = digests(module)
    lines = TEXT.splitlines()[WORK[0] - 1 : WORK[1]]
    assert (found.first_line, found.last_line, found.digest) == (*WORK, digest_of(lines))


def test_a_file_younger_than_the_process_counts_if_it_is_what_runs(module: ModuleType) -> None:
    assert digests(module, started=0.0)  # edited and reloaded: the file compiles to the code that runs
    Path(str(module.__file__)).write_text(TEXT.replace("sum(", "max("), encoding="utf-8")
    assert digests(module, started=0.0) == ()
    Path(str(module.__file__)).write_text(TEXT.replace("x + 1", "x + 2"), encoding="utf-8")
    assert digests(module, started=0.0)  # another function's edit doesn't matter


def test_a_constant_that_was_edited_is_an_edit(tmp_path: Path) -> None:
    made = load(tmp_path / "shop.py", "def work(n):\n    return n + 10\n")
    made.work.__wrapped__ = made.work
    assert digests(made, started=0.0)
    Path(str(made.__file__)).write_text("def work(n):\n    return n + 11\n", encoding="utf-8")
    os.utime(str(made.__file__), (time.time() + 5, time.time() + 5))
    assert digests(made, started=0.0) == ()


def test_from_outside_only_files_older_than_the_process_count(module: ModuleType) -> None:
    tree = tree_of(frame_of(module, "work"))
    assert [s.first_line for s in function_sources(tree, started=time.time() + 100)] == [WORK[0]]
    assert function_sources(tree, started=time.time() - 100) == ()
    assert function_sources(tree, started=0.0) == ()  # it can't be told when the process began


def test_bodies_of_one_name_are_each_found_and_overlapping_ones_left_out(module: ModuleType) -> None:
    frame = frame_of(module, "<lambda>")
    codes = [function.__code__ for function in module.PAIR]
    assert [s.first_line for s in function_sources(tree_of(frame), {frame: codes})] == [16, 17]
    one_line = load(Path(str(module.__file__)), "PAIR = [lambda: 1, lambda: 2, (lambda:\n 3)]\n")
    codes = [function.__code__ for function in one_line.PAIR]
    assert function_sources(tree_of(frame), {frame: codes}) == ()


def test_a_notebooks_cell_is_read_from_linecache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linecache, "cache", {})  # other tests' cells have the same normalised name
    name = "/tmp/ipykernel_4711/1234567890.py"
    text = "def cell():\n    return 2\n"
    space: dict[str, object] = {}
    exec(compile(text, name, "exec"), space)
    frame = Frame(normalise(name), "cell")
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    try:
        (found,) = function_sources(tree_of(frame), {frame: [space["cell"].__code__]})  # type: ignore[attr-defined]
        assert read_source(found).lines == ("def cell():", "    return 2")
    finally:
        del linecache.cache[name]
    assert read_source(found).reason == MISSING


def test_only_source_with_the_recorded_digest_is_shown(module: ModuleType) -> None:
    path = Path(str(module.__file__))
    (found,) = digests(module)
    assert read_source(found).lines == tuple(TEXT.splitlines()[WORK[0] - 1 : WORK[1]])
    path.write_text("# a line more\n\n" + TEXT, encoding="utf-8")
    moved = read_source(found)
    assert (moved.first, len(moved.lines)) == (WORK[0], 6)  # under the numbers of then, where the times are
    path.write_text(TEXT.replace("return total", "return total + 1"), encoding="utf-8")
    assert read_source(found) == type(moved)(WORK[0], (), CHANGED)
    path.unlink()
    assert read_source(found).reason == MISSING


def test_what_a_picture_gets_is_redacted_and_says_why_lines_are_missing(module: ModuleType) -> None:
    work, other = frame_of(module, "work"), frame_of(module, "above")
    texts = source_texts(tree_of(work, other), digests(module))
    assert "abcdef0123456789" not in str(texts[0]) and "return total" in texts[0].lines[-1]
    assert texts[1].reason == UNKNOWN
    table = source_table(work, tree_of(work), digests(module), rounds=2)
    timed = next(row for row in table.rows if row[0] == "10")
    assert timed[1] == "500 ns" and timed[4].strip() == "total = sum("


def test_names_that_lead_out_of_their_folder_or_to_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    for name in (
        str(tmp_path / "secret.txt"),
        f"{tmp_path}/a/../secret.py",
        "~/../etc/x.py",
        "/etc/passwd",
        "",
        "<string>",
    ):
        assert locate(name) == []
    assert locate("<stdlib>/json/decoder.py") and locate("workbench/paths.py")
    assert source_lines("no\0such") == [] == source_lines(str(tmp_path))


def test_a_process_began_before_now() -> None:
    assert 0 < process_started() < time.time()
    assert process_started(2**30) == 0.0
    assert sys.version_info >= (3, 11)


def test_a_key_and_a_statement_over_many_lines_do_not_show(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    text = '''\
def work(n):
    pem = """-----BEGIN RSA PRIVATE KEY-----
MIIZq9SECRETx7
-----END RSA PRIVATE KEY-----"""
    statement = """SELECT a
        FROM b
        WHERE email = 'x@corp'"""
    return pem, statement, n
'''
    load(tmp_path / f"{tmp_path.name}.py", text)
    frame = Frame(normalise(str(tmp_path / f"{tmp_path.name}.py")), "work")
    lines = text.splitlines()
    (shown,) = source_texts(
        tree_of(frame, line=2), [FunctionSource(frame, 1, len(lines), digest_of(lines))]
    ).values()
    assert not shown.reason
    assert len(shown.lines) == len(lines)
    assert shown.lines[-1] == lines[-1]
    assert not any(word in "".join(shown.lines) for word in ("Zq9SECRETx7", "x@corp", "PRIVATE KEY"))
