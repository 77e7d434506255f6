"""What the garbage collector does while two bodies are compared.

Collecting between rounds costs what the whole heap costs, some 15 ms with the workbench loaded: more than most
rounds. Objects that live anyway are therefore set aside first (``gc.freeze``), so that a collection looks only at
what the rounds left: below 0.1 ms. A round then takes hardly longer than its body, and several times as many fit.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["COLLECTORS", "settled"]

COLLECTORS = ("between", "on")
"""``between``: off during a round, collected between. ``on``: as the program would have it, inside the clock."""


@contextmanager
def settled() -> Iterator[Callable[[], None]]:
    """Objects alive now are no matter of the collector inside; afterwards they are again.

    Yields what does so anew: collects everything, then sets aside what lives. A program that froze objects of its
    own keeps them as they are, and nothing is set aside.
    """
    if gc.get_freeze_count():
        yield _nothing
        return
    _settle()
    try:
        yield _settle
    finally:
        gc.unfreeze()


def _settle() -> None:
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _nothing() -> None:
    pass
