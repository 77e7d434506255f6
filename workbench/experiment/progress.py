"""Progress as the experiment reports it: a bar in terminals and notebooks, now and then a line in logs."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "progress_bar", "silent"]


_FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}<{remaining}]"
_LINE_EVERY_S = 10.0


class Progress(Protocol):
    """Told what is about to happen: step ``done`` of ``total`` (0-based), in a few words."""

    def __call__(self, doing: str, done: int, total: int) -> None: ...


def silent(doing: str, done: int, total: int) -> None:
    """Progress for callers that want none."""


@contextmanager
def progress_bar(title: str, *, disable: bool | None = None) -> Iterator[Progress]:
    """A tqdm bar on stderr, or below a notebook's cell; a plain line now and then where stderr is neither.

    In a notebook it is text and not tqdm's widget, of which a saved notebook would keep an empty place. ``disable``
    True or False decides on the bar instead, and without it there are no lines either.
    """
    if disable is None and not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        lines = _Lines(title)
        yield lines
        lines.end()
        return
    from tqdm import tqdm

    file = _CellFile() if "ipykernel" in sys.modules and not sys.stderr.isatty() else None
    with tqdm(desc=title, disable=bool(disable), bar_format=_FORMAT, file=file) as bar:

        def show(doing: str, done: int, total: int) -> None:
            bar.total = total
            bar.n = done
            bar.set_description_str(f"{title}: {doing}")

        yield show
        if bar.total:
            bar.n = bar.total
            bar.refresh()


class _CellFile:
    """What tqdm writes to in a notebook: one output of the cell, which is replaced by each line."""

    encoding = "utf-8"  # for tqdm's finer bar

    def __init__(self) -> None:
        self._id = ""

    def write(self, text: str) -> int:
        from IPython.display import display

        line = text.strip("\r\n ")
        if line:
            known, self._id = bool(self._id), self._id or secrets.token_hex(8)
            bundle = {"text/plain": line}
            display(bundle, raw=True, display_id=self._id, update=known)  # type: ignore[no-untyped-call]
        return len(text)

    def flush(self) -> None:
        """Written at once."""


class _Lines:
    """Progress for logs: the first step, one whenever the last line is 10 s old, and the last step at the end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._due = 0.0
        self._unsaid = ""

    def __call__(self, doing: str, done: int, total: int) -> None:
        now = time.monotonic()
        self._unsaid = f"{self._title}: {doing}, {done + 1} of {total}"
        if now >= self._due:
            self._due = now + _LINE_EVERY_S
            self.end()

    def end(self) -> None:
        if self._unsaid:
            print(self._unsaid, file=sys.stderr, flush=True)
        self._unsaid = ""
