"""How often py-spy has looked at this process, so that a test can go on until there surely are samples.

A busy machine may keep py-spy from a core for longer than any time that a test would burn.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

LOOKS = 30
PATIENCE_S = 60.0

# For programs that are run as text: nothing to wait for where another sampler is at work.
TEXT = f"""
import psutil
spies = [child for child in psutil.Process().children() if child.name() == "py-spy"]
def looks():
    return sum(spy.num_ctx_switches().voluntary for spy in spies)
enough = looks() + {LOOKS} if spies else 0
"""


def looks() -> int:
    """Rises whenever a py-spy that this process has started goes to sleep, as it does between two looks."""
    spies = [child for child in psutil.Process().children() if child.name() == "py-spy"]
    assert spies, "no py-spy at work"
    return sum(int(spy.num_ctx_switches().voluntary) for spy in spies)


def until_looked_at(meanwhile: Callable[[], object]) -> None:
    """Do that again and again until py-spy has looked some times."""
    enough, patience = looks() + LOOKS, time.monotonic() + PATIENCE_S
    while looks() < enough and time.monotonic() < patience:
        meanwhile()
