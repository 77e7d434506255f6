"""The interpreter that runs a user's script: ``python -P -m workbench.experiment.script_child ORDERS ARG…``.

Imports little, because what is imported here the script finds imported already; numpy comes only when it is over.
"""

from __future__ import annotations

import builtins
import importlib.util
import json
import os
import pickle
import runpy
import signal
import sys
import threading
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, NoReturn

from workbench.capture.frames import instrumentation, resumes
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec, WholeProgram
from workbench.errors import INTERRUPTED, CaptureError, UsageError
from workbench.model import RoundKind

__all__ = ["main"]

FAILURE = 1
_SAMPLER = "workbench.capture.inprocess"


class Terminated(KeyboardInterrupt):
    """How a recording says that SIGTERM ended it; never raised."""


def main(orders: dict[str, Any], arguments: list[str]) -> int:
    """Run the script as ``__main__``, write its recording, and return its exit code."""
    recording = _Recording(orders)
    own_path = list(sys.path)
    try:
        run = _prepare_module(orders["target"]) if orders["module"] else _prepare_file(orders["target"])
    except ImportError as error:
        recording.write(UsageError(str(error)))
        return FAILURE
    sys.argv[1:] = arguments
    try:
        recording.begin()
    except CaptureError as error:
        recording.write(error)
        return FAILURE
    code = recording.run(run)
    theirs, sys.path[:] = list(sys.path), own_path
    recording.end()
    sys.path[:] = theirs
    return code


class _Recording:
    """One sampled round, which ends once: after the script, at SIGTERM, or where it calls ``os._exit``.

    A forked child has nothing of it: it would write in its parent's name.
    """

    def __init__(self, orders: dict[str, Any]) -> None:
        self._result = Path(orders["result"])
        self._run_id: str = orders.get("run_id", "")
        self._recorder = RunRecorder(SamplerSpec(**orders["sampler"]), spans=orders["spans"], collector_off=False)
        self._round = self._recorder.round(RoundKind.SAMPLED, caller=sys._getframe())
        self._once = threading.Lock()
        self._pid = os.getpid()
        self._exit = os._exit
        self._error: BaseException | None = None
        self._dying = False

    @instrumentation
    def begin(self) -> None:
        self._round.__enter__()
        WholeProgram.run_id, WholeProgram.left_out = self._run_id, self._round.left_out
        os._exit = self._leave
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._terminate)
        os.register_at_fork(after_in_child=self._hands_off)

    @instrumentation
    def run(self, script: Callable[[], None]) -> int:
        """The script's exit code. The round ends with its main module, as with other profilers."""
        code: int = 0
        try:
            script()
        except SystemExit as leaving:
            self._error = leaving
            code = _exit_code(leaving)
        except BaseException as error:
            self._error = error
            code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILURE
            _show(error)
        return code

    @instrumentation
    def end(self) -> bool:
        """Keep what was recorded; a second Ctrl-C can't spoil that. False if somebody else is at it."""
        if os.getpid() != self._pid:
            return True
        if not self._once.acquire(blocking=False):
            return False
        os._exit = self._exit
        in_main = threading.current_thread() is threading.main_thread()
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
        error = self._error
        self._round.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        try:
            self.write(self._recorder.finish(run_id="", session_id="", name=""))
        except Exception as lost:  # a full disk, or an import that SIGTERM fell into
            print(f"workbench: the profile could not be kept: {lost}", file=sys.stderr)
        if in_main:
            signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
            self._default_again()
            if self._dying:
                os.kill(self._pid, signal.SIGTERM)
        return True

    def write(self, outcome: object) -> None:
        part = self._result.with_suffix(".part")
        part.write_bytes(pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL))
        part.rename(self._result)

    def _terminate(self, number: int, frame: FrameType | None) -> None:
        """SIGTERM, which the script leaves to the system: keep the recording, then die of it."""
        self._dying = True
        self._error = self._error or Terminated("by SIGTERM")
        self.end()

    def _default_again(self) -> None:
        if signal.getsignal(signal.SIGTERM) == self._terminate:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _hands_off(self) -> None:
        WholeProgram.run_id, WholeProgram.left_out = "", None
        os._exit = self._exit
        self._default_again()

    def _leave(self, status: int) -> NoReturn:
        """``os._exit`` of the script: keep the recording first. In a forked child it is the real one at once."""
        if os.getpid() == self._pid:
            if status:
                self._error = SystemExit(status)
            self.end()
        self._exit(status)


def _prepare_file(target: str) -> Callable[[], None]:
    """A script file, or a folder or archive that holds ``__main__.py``."""
    path = Path(target)
    sys.argv[0] = target
    if importer := _container(target):
        sys.path.insert(0, importer)
        return lambda: _run_container(target)
    if "PYTHONSAFEPATH" not in os.environ:
        sys.path.insert(0, str(path.resolve().parent))
    file = str(path.absolute())
    names = {
        "__file__": file,
        "__loader__": SourceFileLoader("__main__", file),
        "__package__": None,
        "__spec__": None,
    }
    return lambda: _execute(compile(path.read_bytes(), file, "exec", dont_inherit=True), names)


def _container(target: str) -> str:
    return "" if Path(target).is_file() and not _is_archive(target) else target


def _is_archive(target: str) -> bool:
    import zipfile

    return target.endswith((".pyz", ".zip", ".egg", ".whl")) and zipfile.is_zipfile(target)


@resumes
def _run_container(target: str) -> None:
    runpy.run_path(target, run_name="__main__")


def _prepare_module(name: str) -> Callable[[], None]:
    """A module or package as ``python -m`` finds it: with the working folder first on the path."""
    if "PYTHONSAFEPATH" not in os.environ:
        sys.path.insert(0, str(Path.cwd()))
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
    if spec is None or spec.loader is None:
        raise ImportError(f"No module named {name}")
    code = spec.loader.get_code(spec.name) if hasattr(spec.loader, "get_code") else None
    if code is None:
        raise ImportError(f"No code object available for {name}")
    sys.argv[0] = spec.origin or name
    globals_ = {"__file__": spec.origin, "__loader__": spec.loader, "__package__": spec.parent, "__spec__": spec}
    return lambda: _execute(code, globals_)


def _execute(code: CodeType, names: dict[str, Any]) -> None:
    module = ModuleType("__main__")
    module.__dict__.update({"__builtins__": builtins, "__cached__": None, **names})
    sys.modules["__main__"] = module
    _resume(code, module)


@resumes
def _resume(code: CodeType, module: ModuleType) -> None:
    exec(code, module.__dict__)


def _exit_code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code
    print(leaving.code, file=sys.stderr)
    return FAILURE


def _show(error: BaseException) -> None:
    """The traceback as Python prints it, beginning at the user's file and without the sampler that it fell into."""
    traceback: TracebackType | None = error.__traceback__
    while traceback is not None and _is_ours(traceback):
        traceback = traceback.tb_next
    error.__traceback__ = last = traceback
    while last is not None and last.tb_next is not None:
        if last.tb_next.tb_frame.f_globals.get("__name__") == _SAMPLER:
            last.tb_next = last.tb_next.tb_next
        else:
            last = last.tb_next
    sys.excepthook(type(error), error, traceback)


def _is_ours(traceback: TracebackType) -> bool:
    return traceback.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>")


def _start() -> int:
    orders = json.loads(sys.argv.pop(1))
    return main(orders, sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_start())
