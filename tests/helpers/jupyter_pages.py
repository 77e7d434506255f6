"""JupyterLab or Notebook 7 on a port of its choice, with a token and all its files in one folder."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 180.0
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/")
_HOMES = (
    "JUPYTER_RUNTIME_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_CONFIG_DIR",
    "IPYTHONDIR",
    "JUPYTERLAB_WORKSPACES_DIR",
)
_QUIET = (
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--port=0",
    "--ServerApp.port_retries=0",
)


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """A notebook of code cells without outputs."""
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@contextmanager
def jupyter(module: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Run ``python -m module`` (jupyterlab or notebook) on the folder; yields its address and its token."""
    token = secrets.token_hex(16)
    environment = {**os.environ, **{home: str(folder / home.lower()) for home in _HOMES}}
    environment |= {"WORKBENCH_STORE": str(folder / "store.duckdb"), "JUPYTER_TOKEN": token}
    command = [sys.executable, "-m", module, *_QUIET, f"--ServerApp.root_dir={folder}"]
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    log = _Log(server.stdout)
    try:
        yield log.address(), token
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.thread.join(20)


class _Log:
    """Reads what the server says; its address is what it says itself."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lines: list[bytes] = []
        self._found: bytes = b""
        self._known = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with self._stream:
            for line in self._stream:
                self._lines.append(line)
                if not self._found and (match := _ADDRESS.search(line)):
                    self._found = match[0]
                    self._known.set()
        self._known.set()

    def address(self) -> str:
        if not self._known.wait(PATIENCE_S) or not self._found:
            raise RuntimeError("Jupyter did not start: " + b"".join(self._lines[-30:]).decode(errors="replace"))
        return self._found.decode()


_STARTED = "() => [...document.querySelectorAll('.jp-InputPrompt')].some((e) => !e.textContent.includes('[ ]'))"
_READY = """async (name) => {
  const sessions = await (await fetch("/api/sessions")).json();
  const ours = sessions.filter((session) => session.path === name).map((session) => session.kernel);
  return ours.some((kernel) => kernel.execution_state === "idle" && kernel.connections > 0);
}"""


class Watch:
    """Opens pages on one server that may ask nobody else.

    ``foreign`` holds what they asked for all the same, ``problems`` what our scripts in them did wrong.
    """

    def __init__(self, browser: Any, address: str, token: str) -> None:
        self.foreign: list[str] = []
        self.problems: list[str] = []
        self._address, self._token = address, token
        self._context = browser.new_context(viewport={"width": 1400, "height": 1300}, reduced_motion="reduce")
        self._context.route("**/*", self._only_the_server)

    def _only_the_server(self, route: Any) -> None:
        if route.request.url.startswith((self._address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def _error(self, error: Any) -> None:
        if "blob:" in (error.stack or ""):  # our script; the front end's own errors aren't ours to judge
            self.problems.append(str(error))

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str) -> Any:
        page = self._context.new_page()
        page.on("pageerror", self._error)
        page.on("dialog", self._dialog)
        page.goto(f"{self._address}{path}?token={self._token}")
        return page

    def close(self) -> None:
        self._context.close()


def run_all(page: Any) -> None:
    """Run the notebook from top to bottom, once its kernel is idle; a dialog that comes first is accepted."""
    from playwright.sync_api import TimeoutError as TooLate

    page.wait_for_function(_READY, arg=page.url.partition("?")[0].rpartition("/")[2], timeout=PATIENCE_S * 1000)
    page.wait_for_selector('[data-status="idle"]', timeout=PATIENCE_S * 1000)
    if "/notebooks/" not in page.url:  # Notebook 7 has no status bar
        page.get_by_text("| Idle").wait_for(timeout=PATIENCE_S * 1000)
    for _ in range(8):
        for accept in page.locator(".jp-Dialog .jp-mod-accept").all():
            accept.click()
        try:
            page.get_by_role("menuitem", name="Run", exact=True).click(timeout=5_000)
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click(timeout=5_000)
            page.wait_for_function(_STARTED, timeout=8_000)
        except TooLate:
            continue
        return
    raise AssertionError("the notebook doesn't run")
