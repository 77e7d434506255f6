"""Progress as the experiment reports it: a bar in terminals and notebooks, now and then a line in logs."""

from __future__ import annotations

import contextvars
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, repeat
from typing import Protocol

__all__ = ["Progress", "progress_bar", "progress_if_long", "silent"]


_FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}<{remaining}]"
_SECOND_LINE_S, _LINE_EVERY_S = 2.0, 10.0


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

        try:
            yield show
        except BaseException:  # a notebook keeps the line: it must not look as if work went on
            bar.bar_format = "{desc}"
            bar.set_description_str(
                f"{title}: stopped at {bar.n} of {bar.total}" if bar.total else f"{title}: stopped"
            )
            raise
        if bar.total:
            bar.n = bar.total
            bar.refresh()


@contextmanager
def progress_if_long(title: str, *, after_s: float = 1.0) -> Iterator[Progress]:
    """The same bar, once the work has lasted that many seconds; work that is over before shows nothing.

    Nothing either where nobody watches (neither terminal nor notebook): a log gains nothing from lines of a report.
    """
    if not (sys.stderr.isatty() or _in_kernel()):
        yield silent
        return
    late = _Late(title)
    context = contextvars.copy_context()  # what a notebook prints goes to the cell that this knows
    timer = threading.Timer(after_s, lambda: context.run(late.show))
    timer.daemon = True
    timer.start()
    try:
        yield late
    except BaseException as error:
        timer.cancel()
        late.close(error)
        raise
    timer.cancel()
    late.close()


def _in_kernel() -> bool:
    """Whether a notebook's kernel runs in this process; to have imported its package isn't enough."""
    application = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    return application is not None and bool(application.initialized())


class _Late:
    """Progress that is told from the start and shown once ``show`` is called, by whatever thread."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._lock = threading.Lock()
        self._told: tuple[str, int, int] | None = None
        self._bar: Progress | None = None
        self._open: ExitStack | None = ExitStack()  # None: closed

    def __call__(self, doing: str, done: int, total: int) -> None:
        with self._lock:
            self._told = (doing, done, total)
            if self._bar is not None:
                self._bar(doing, done, total)

    def show(self) -> None:
        with self._lock:
            if self._open is None or self._bar is not None:
                return
            self._bar = self._open.enter_context(progress_bar(self._title))
            if self._told is not None:
                self._bar(*self._told)

    def close(self, error: BaseException | None = None) -> None:
        """The end of the work, which ``error`` cut short."""
        with self._lock:
            if self._open is not None:
                self._open.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
            self._open = None


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
    """Progress for logs: the first step, one after 2 s, one whenever the last line is 10 s old, and the last."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._due = 0.0
        self._waits = chain([_SECOND_LINE_S], repeat(_LINE_EVERY_S))
        self._unsaid = ""

    def __call__(self, doing: str, done: int, total: int) -> None:
        now = time.monotonic()
        counted = total > 1 and f" {done + 1} of " not in doing  # "pair 86 of at most 480" has said so
        self._unsaid = f"{self._title}: {doing}" + (f", {done + 1} of {total}" if counted else "")
        if now >= self._due:
            self._due = now + next(self._waits)
            self.end()

    def end(self) -> None:
        if self._unsaid:
            print(self._unsaid, file=sys.stderr, flush=True)
        self._unsaid = ""
