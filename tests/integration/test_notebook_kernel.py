"""The cell magics in a real kernel: interrupts keep what was recorded, and what tools save stays small."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.store import Store

HELPERS = Path(__file__).parents[1] / "helpers"
PATIENCE_S = 180.0


@pytest.fixture(scope="module")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernel") / "store.duckdb"


@pytest.fixture(scope="module")
def kernel(store_path: Path) -> Iterator[Any]:
    """A kernel with the extension on: (manager, client)."""
    client = pytest.importorskip("jupyter_client")
    environment = {**os.environ, "WORKBENCH_STORE": str(store_path), "IPYTHONDIR": str(store_path.parent)}
    manager, talk = client.manager.start_new_kernel(kernel_name="python3", env=environment)
    try:
        talk.execute_interactive("%load_ext workbench\nimport asyncio, time", timeout=PATIENCE_S)
        yield manager, talk
    finally:
        talk.stop_channels()
        manager.shutdown_kernel(now=True)


def interrupted(kernel: Any, cell: str, when: str) -> dict[str, Any]:
    """Run the cell, interrupt it once it has printed ``when``; the kernel's reply."""
    manager, talk = kernel

    def on_output(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream" and when in message["content"]["text"]:
            manager.interrupt_kernel()

    reply: dict[str, Any] = talk.execute_interactive(cell, timeout=PATIENCE_S, output_hook=on_output)
    return reply["content"]


@pytest.mark.parametrize("wait", ["while True: await asyncio.sleep(0.05)", "time.sleep(60)"])
def test_an_interrupted_cell_keeps_what_was_recorded(kernel: Any, store_path: Path, wait: str) -> None:
    name = f"stopped {len(wait)}"
    work = "end = time.perf_counter() + 0.1\nwhile time.perf_counter() < end: pass"
    content = interrupted(kernel, f"%%profile {name}\n{work}\nprint('waiting', flush=True)\n{wait}", "waiting")
    assert content["status"] == "error"
    assert content["ename"] in {"KeyboardInterrupt", "CancelledError"}
    run = next(run for run in Store(store_path).runs() if run.name == name)
    assert str(run.status) == "interrupted"
    assert len(Store(store_path).tree(run.run_id).samples) > 0


def test_an_interrupted_comparison_keeps_its_rounds(kernel: Any, store_path: Path) -> None:
    define = "n = 0\ndef tell():\n    get_ipython().display_pub.publish({'text/plain': 'far enough'})"
    piece = "n += 1\nif n > 40: tell()\nawait asyncio.sleep(0.05)\n"
    manager, talk = kernel
    talk.execute_interactive(define, timeout=PATIENCE_S)
    sent = list[bool]()

    def on_output(message: dict[str, Any]) -> None:
        if "far enough" in json.dumps(message["content"].get("data", {})) and not sent:
            sent.append(True)
            manager.interrupt_kernel()

    cell = f"%%compare one two\n{piece}# ---\n{piece}"
    reply = talk.execute_interactive(cell, timeout=PATIENCE_S, output_hook=on_output)
    assert reply["content"]["ename"] == "KeyboardInterrupt", reply["content"]
    runs = {run.name: run for run in Store(store_path).runs() if run.name in {"one", "two"}}
    assert {str(run.status) for run in runs.values()} == {"interrupted"}
    assert all(len(run.rounds) > 2 for run in runs.values())


def test_ten_flame_graphs_save_under_three_megabytes(store_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    path = f"import sys; sys.path.insert(0, {str(HELPERS)!r})"
    start = f"{path}\nimport workbench as wb\nfrom sample_runs import jamf_tree"
    shown = [f"wb.flamegraph(jamf_tree(seed={n}, samples=4000))" for n in range(10)]
    cells = [nbformat.v4.new_code_cell(source) for source in [start, *shown]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=PATIENCE_S, kernel_name="python3").execute()
    saved = nbformat.writes(notebook)
    assert len(saved) < 1_000_000  # with the widgets' states that this client saves; the bar is 3 MB
    assert saved.count("data:image/svg+xml") == 10
