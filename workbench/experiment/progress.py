"""Progress as the experiment reports it: a bar in terminals and notebooks, now and then a line in logs."""

from __future__ import annotations

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
    """A tqdm bar on stderr, or its widget in a notebook; a plain line now and then where stderr is neither.

    ``disable`` True or False decides on the bar instead, and without it there are no lines either.
    """
    if disable is None and not (sys.stderr.isatty() or "ipykernel" in sys.modules):
        yield _lines(title)
        return
    from tqdm.auto import tqdm

    with tqdm(desc=title, disable=bool(disable), bar_format=_FORMAT) as bar:

        def show(doing: str, done: int, total: int) -> None:
            bar.total = total
            bar.n = done
            bar.set_description_str(f"{title}: {doing}")

        yield show
        if bar.total:
            bar.n = bar.total
            bar.refresh()


def _lines(title: str) -> Progress:
    """Progress for logs: the first step, then the next one to begin whenever the last line is 10 s old."""
    due = 0.0

    def show(doing: str, done: int, total: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return
        due = now + _LINE_EVERY_S
        print(f"{title}: {doing}, {done + 1} of {total}", file=sys.stderr, flush=True)

    return show
