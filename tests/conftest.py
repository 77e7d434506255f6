"""What every test may rely on: a store of its own, and a proof afterwards that nothing was left behind."""

from __future__ import annotations

import asyncio
import gc
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C in what it puts in the background, and every child inherits that: CI would then wait
    # for ever for programs that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)

PATIENCE_S = 30.0
LONG_LIVED_THREADS = ("asyncio_", "pytest_timeout", "tqdm", "AnyIO worker", "MainThread - runner")
LONG_LIVED_CHILDREN = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be copied, because making one takes a third of a second."""
    from workbench.store import connection

    path = tmp_path_factory.mktemp("empty") / "store.duckdb"
    connection._create(path)
    return path


@pytest.fixture(autouse=True)
def copied_stores(
    request: pytest.FixtureRequest, nothing_leaks: None, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New stores of this process are copies of an empty one, except where making them is what is tested.

    After ``nothing_leaks``, which then looks when everything that was patched is as before.
    """
    if request.path.name.startswith("test_store_"):
        return
    from workbench.store import connection

    def copy(path: Path) -> None:
        connection.make_folder(path.parent)
        draft = path.with_name(f".{path.name}.new")
        shutil.copyfile(empty_store, draft)
        connection._publish(draft, path)
        draft.unlink(missing_ok=True)

    monkeypatch.setattr(connection, "_create", copy)


@pytest.fixture(autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the store of whoever runs the tests."""
    path = tmp_path_factory.mktemp("store") / "workbench.duckdb"
    monkeypatch.setenv("WORKBENCH_STORE", str(path))
    monkeypatch.delenv("WORKBENCH_DISABLE", raising=False)
    monkeypatch.delenv("WORKBENCH_TRACEPARENT", raising=False)
    return path


@pytest.fixture
def settled_heap() -> Iterator[None]:
    """What is alive is set aside, or the collection before each round walks through all that was imported."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_leaks() -> Iterator[None]:
    """After the test: no sampler, patch, hook, thread or child process that was not there before it."""
    threads = set(threading.enumerate())
    children = {child.pid for child in psutil.Process().children()}
    before = interpreter_state()
    yield
    assert interpreter_state() == before
    assert new_threads(threads) == []
    assert new_children(children) == []


def interpreter_state() -> dict[str, Any]:
    """Everything that a recording changes in the interpreter while it lasts."""
    state: dict[str, Any] = {
        "sys.getprofile": sys.getprofile(),
        "sys.meta_path": [finder for finder in sys.meta_path if type(finder).__name__ == "_Waiter"],
        "gc": gc.isenabled(),
        "run_forever": asyncio.BaseEventLoop.run_forever,
        "active recordings": active_recordings(),
    }
    if httpx := sys.modules.get("httpx"):
        patched = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request)
        state["httpx"] = [function.__module__ for function in patched]
    else:
        state["httpx"] = ["httpx._transports.default"] * 2
    return state


def active_recordings() -> int:
    spans = sys.modules.get("workbench.capture.spans")
    return len(spans._active) if spans else 0


def new_threads(before: set[threading.Thread]) -> list[str]:
    started = [t for t in threading.enumerate() if t not in before and not t.name.startswith(LONG_LIVED_THREADS)]
    for thread in started:
        thread.join(PATIENCE_S)
    return [thread.name for thread in started if thread.is_alive()]


def new_children(before: set[int]) -> list[str]:
    started = [child for child in psutil.Process().children() if child.pid not in before]
    passing = [child for child in started if not any(name in command_of(child) for name in LONG_LIVED_CHILDREN)]
    _, alive = psutil.wait_procs(passing, timeout=PATIENCE_S)
    return [command_of(child) for child in alive]


def command_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
