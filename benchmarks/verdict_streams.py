"""Streams of real pairs: long sittings of ``workbench compare``'s own machinery, which never stop at a verdict.

Each sitting is a process of its own, so that whatever lasts as long as a process (where its objects lie in memory)
differs from sitting to sitting, as it does between real comparisons. ``base.py`` and ``new.py`` hold the same
function; the new one's works through ``1 + effect`` as many items.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Kind", "Stream", "load", "record"]

Floats = npt.NDArray[np.float64]

SITTING_S = 30.0
BODIES = {
    # name: (source of the items' work, items of 5 ms or what the name says)
    "arithmetic": ("total += sum([i * i for i in range(item % 7, 60)])", 2600),
    "objects": ("row = {'id': item, 'name': str(item), 'tags': [item, item + 1]}; total += len(dumps(row))", 2000),
    "text": ("total += len(WORDS.findall(LINE)) + len(LINE.upper().split('e'))", 1800),
    "slow": ("total += len(dumps(sorted([(item * 7919 + i) % 1009 for i in range(60)])))", 2800),
    "micro": ("total += item", 200),
}
CPU_BODY = """
import re
from json import dumps
WORDS = re.compile(r"[a-z]+[0-9]*")
LINE = "policy 17 renders its script, category and scope; nothing else happens here " * 2

def body():
    total = 0
    for item in range({items}):
        {work}
    return total > 0
"""
IO_BODY = """
import random, time
DRAW = random.Random({seed})

def body():
    tail = DRAW.lognormvariate(-0.47, 0.97)  # mean 1, coefficient of variation 1.25
    time.sleep({seconds} * (0.8 + 0.2 * tail))  # so all in all 25 %
    return True
"""
IO_SECONDS = 0.02


@dataclass(frozen=True)
class Kind:
    """What is recorded: a body, by how much new does more, and whether a neighbour works on the same core.

    ``scaled``: both did the same, and new's times were multiplied afterwards.
    """

    body: str
    effect: float
    neighbour: bool = False
    scaled: bool = False

    @property
    def name(self) -> str:
        return f"{self.body}{self.effect:+.0%}{' neighbour' if self.neighbour else ''}"


@dataclass(frozen=True)
class Stream:
    """One sitting: seconds of base and new in each pair, and when each had ended, from the first one's begin."""

    kind: Kind
    base: Floats
    new: Floats
    ended: Floats

    @property
    def differences(self) -> Floats:
        differences: Floats = np.log(self.new / self.base)
        return differences


def write_bodies(folder: Path, kind: Kind, seed: int) -> tuple[str, str]:
    """``base.py`` and ``new.py`` in a folder, as targets."""
    for number, (name, factor) in enumerate((("base", 1.0), ("new", 1.0 + kind.effect))):
        if kind.body == "io":
            text = IO_BODY.format(seed=seed * 2 + number, seconds=IO_SECONDS * factor)
        else:
            work, items = BODIES[kind.body]
            text = CPU_BODY.format(work=work, items=round(items * factor))
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return f"{folder / 'base.py'}:body", f"{folder / 'new.py'}:body"


def sit(kind: Kind, seconds: float, seed: int) -> Stream:
    """One sitting in this process."""
    from workbench.analysis.verdict import Rule
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.compare import CompareSettings
    from workbench.experiment.progress import silent
    from workbench.experiment.sitting import measure_pairs
    from workbench.experiment.targets import FunctionTarget, parse_pair
    from workbench.model import RoundKind

    if kind.neighbour:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder, neighbour() if kind.neighbour else contextlib.nullcontext():
        base, new = parse_pair(*write_bodies(Path(folder), kind, seed))
        assert isinstance(base, FunctionTarget) and isinstance(new, FunctionTarget)
        settings = CompareSettings(sampler=SamplerSpec(name="none"), order_seed=seed)
        endless = Rule(looks=(10**9,))
        measured = measure_pairs(base, new, settings=settings, rule=endless, max_seconds=seconds, progress=silent)
    if measured.error is not None:
        raise measured.error
    sides = [[r for r in each.run.rounds if r.kind is RoundKind.TIMING] for each in measured.recordings]
    began = np.array([min(a.started_at, b.started_at).timestamp() for a, b in zip(*sides, strict=True)])
    last = max(side[-1].started_at.timestamp() + side[-1].measures["wall"] for side in sides)
    times = [np.array([r.measures["wall"] / r.measures["loops"] for r in side]) for side in sides]
    return Stream(kind, times[0], times[1], np.append(began[1:], last) - began[0])


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """A process that works in bursts, on the cores of this one."""
    process = subprocess.Popen([sys.executable, __file__, "burst"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def burst() -> None:
    """Work for 20 to 400 ms, rest for 50 to 1,000 ms, until killed."""
    draw = random.Random()
    while os.getppid() != 1:
        until = time.monotonic() + draw.uniform(0.02, 0.4)
        while time.monotonic() < until:
            sum(range(2000))
        time.sleep(draw.uniform(0.05, 1.0))


def record(
    kinds: list[Kind], folder: Path, minutes: float, seconds: float = SITTING_S, *, seed: int, parallel: int = 1
) -> None:
    """Sittings of all kinds in turn for so many minutes, each in its own process, each a file in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * minutes
    number = 0
    seed += 1000 * len(list(folder.glob("*.npz")))  # what is recorded later adds to what is there
    running: list[subprocess.Popen[bytes]] = []
    try:
        while time.monotonic() + seconds < until or running:
            while len(running) < parallel and time.monotonic() + seconds < until:
                kind, sitting = kinds[number % len(kinds)], seed + number
                file = folder / f"{kind.name.replace(' ', '-')}-{sitting}-{os.getpid()}.npz"
                orders = {"kind": asdict(kind), "seconds": seconds, "seed": sitting, "file": str(file)}
                running.append(subprocess.Popen([sys.executable, __file__, "sit", json.dumps(orders)]))
                number += 1
                left = max(0.0, until - time.monotonic())
                print(f"{number}: {kind.name}, {left / 60:.1f} min left", flush=True)
            running = [process for process in running if process.poll() is None]
            time.sleep(0.2)
    finally:
        for process in running:
            process.kill()
            process.wait()


def load(folder: Path) -> list[Stream]:
    """All streams of a folder, by name."""
    return [_read(file) for file in sorted(folder.glob("*.npz"))]


def _read(file: Path) -> Stream:
    with np.load(file) as data:
        kind = Kind(**json.loads(str(data["kind"])))
        return Stream(kind, *(data[name].astype(np.float64) for name in ("base", "new", "ended")))


def main(arguments: list[str]) -> int:
    if arguments[0] == "burst":
        burst()
        return 0
    orders: dict[str, Any] = json.loads(arguments[1])
    stream = sit(Kind(**orders["kind"]), orders["seconds"], orders["seed"])
    part = Path(orders["file"]).with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(
            file, kind=json.dumps(asdict(stream.kind)), base=stream.base, new=stream.new, ended=stream.ended
        )
    part.rename(orders["file"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
