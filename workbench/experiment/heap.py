"""What the garbage collector does while two bodies are compared.

Collecting between rounds costs what the whole heap costs, some 15 ms with the workbench loaded: more than most
rounds. Objects that live anyway are therefore set aside first (``gc.freeze``), so that a collection looks only at
what the rounds left: below 0.1 ms. A round then takes hardly longer than its body, and several times as many fit.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["COLLECTORS", "settle", "settled"]

COLLECTORS = ("between", "on")
"""``between``: off during a round, collected between. ``on``: as the program would have it, inside the clock."""


@contextmanager
def settled() -> Iterator[None]:
    """Objects alive now are no matter of the collector inside; afterwards they are again."""
    if gc.get_freeze_count():  # a program's own freezing, which only it may undo
        yield
        return
    settle()
    try:
        yield
    finally:
        gc.unfreeze()


def settle() -> None:
    """Collect everything, then set aside what lives: at the start, and now and then as recordings grow."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
