"""Progress as the experiment reports it, and the bar that terminals and notebooks show."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "progress_bar", "silent"]


_FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} [{elapsed}<{remaining}]"


class Progress(Protocol):
    """Told what is about to happen: step ``done`` of ``total`` (0-based), in a few words."""

    def __call__(self, doing: str, done: int, total: int) -> None: ...


def silent(doing: str, done: int, total: int) -> None:
    """Progress for callers that want none."""


@contextmanager
def progress_bar(title: str, *, disable: bool | None = None) -> Iterator[Progress]:
    """A tqdm bar on stderr, or its widget in a notebook; silent where stderr is no terminal and no notebook.

    ``disable`` True or False decides instead.
    """
    from tqdm.auto import tqdm

    if disable is None:
        disable = not (sys.stderr.isatty() or "ipykernel" in sys.modules)
    with tqdm(desc=title, disable=disable, bar_format=_FORMAT) as bar:

        def show(doing: str, done: int, total: int) -> None:
            bar.total = total
            bar.n = done
            bar.set_description_str(f"{title}: {doing}")

        yield show
        if bar.total:
            bar.n = bar.total
            bar.refresh()
