"""What a cell under ``%%profile`` calls: its rounds, and its flame graph below it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any, Literal

from workbench.capture.samplers import SamplerSpec
from workbench.experiment.block import BlockRecording, BlockRun, is_disabled
from workbench.experiment.progress import Progress, progress_bar
from workbench.notebook.cells import ROUND, VALUE
from workbench.notebook.options import count, positive, told_in_one_line, words_and_options

__all__ = ["profiled", "taken"]


def profiled(line: str, names: dict[str, Any]) -> CellRounds:
    """The rounds of a cell with this line after ``%%profile``. Raises ``UsageError`` before anything runs."""
    options: dict[str, Callable[[str], Any]] = {"--repeat": count, "--sampler": str, "--interval": positive}
    with told_in_one_line():
        words, chosen = words_and_options("profile", line, options)
        spec = SamplerSpec.chosen(chosen.get("sampler", "pyinstrument"), chosen.get("interval"))
    return CellRounds(" ".join(words) or "cell", chosen.get("repeat", 1), spec, names, sys._getframe(1))


def taken(names: dict[str, Any]) -> Any:
    """The value of the cell's last expression, which the last round left among the user's names."""
    return names.pop(VALUE)


class CellRounds:
    """The rounds one after another, each to be entered; after the last, or one that raised, the run is kept.

    A cell that is profiled several times is one run. What the cell raises, Ctrl-C included, goes on its way once
    the rounds so far are stored and on the page.
    """

    def __init__(self, name: str, repeat: int, spec: SamplerSpec, names: dict[str, Any], caller: FrameType) -> None:
        self._repeat = 1 if is_disabled() else repeat
        self._recording = None if is_disabled() else BlockRecording(name, spec, True, {})
        self._names = names
        self._caller = caller
        self._done = 0
        self._bar = ExitStack()
        self._progress: Progress | None = None

    def __iter__(self) -> Iterator[CellRounds]:
        return self

    def __next__(self) -> CellRounds:
        if self._done == self._repeat:
            self._finish()
            raise StopIteration
        return self

    def __enter__(self) -> None:
        if self._repeat > 1:
            if self._progress is None:
                self._progress = self._bar.enter_context(progress_bar("profile"))
            self._progress("round", self._done, self._repeat)
        if self._recording is not None:
            try:
                self._recording.begin(self._caller)
            except BaseException:
                self._forget()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        self._done += 1
        if self._recording is not None:
            self._recording.end(error)
        if error is not None:
            self._finish()
            self._names.pop(VALUE, None)
        return False

    def _finish(self) -> None:
        self._forget()
        if self._recording is not None:
            self._recording.keep(None)
            _show(self._recording.run)

    def _forget(self) -> None:
        """The bar, and the names that only the cell's rewritten form knows."""
        self._bar.close()
        self._names.pop(ROUND, None)
        del self._caller


def _show(run: BlockRun) -> None:
    """The flame graph of what was recorded; a cell too quick for a sample gets a line instead."""
    from IPython.display import display

    from workbench.notebook.functions import flamegraph

    recording = run.recording
    if recording is None:
        return
    if recording.tree is None or not len(recording.tree.samples):
        sampled = recording.run.sampler.name != "none"
        why = "over before the first sample was taken" if sampled else "recorded without stacks, as asked"
        print(f"run {run.run_id}: {why}")
        return
    display(flamegraph(run))  # type: ignore[no-untyped-call]
