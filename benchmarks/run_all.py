"""``make bench``: every published figure, measured here, one script after another, into ``benchmarks/results``.

``python benchmarks/run_all.py [NAME…]`` runs all of them or those named, each in a process of its own. One that
fails doesn't stop the others, but makes the exit code 1. Ctrl-C ends the script that runs, and the rest. At the end
``benchmarks/README.md`` gets the new figures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"
INTERRUPTED = 130

SCRIPTS: dict[str, tuple[str, ...]] = {
    "link": ("link.py",),
    "jamf_simulator": ("jamf_simulator.py",),
    "capture_overhead": ("capture_overhead.py",),
    "pyspy": ("pyspy.py",),
    "viewer": ("viewer.py",),
    "verdict_record": ("verdict.py", "record"),
    "verdict_record_equal": ("verdict.py", "record", "--set", "equal", "--minutes", "12"),
    "verdict_record_io": ("verdict.py", "record", "--set", "io", "--minutes", "12"),
    "verdict_record_neighbour": ("verdict.py", "record", "--set", "neighbour", "--minutes", "12"),
    "functions": ("functions.py", "-o", str(RESULTS / "functions.json")),
    "verdict": ("verdict.py", "judge"),
    "gate": ("gate.py",),
    "jamf": ("jamf.py",),
    "azure": ("azure.py",),
    "files": ("files.py",),
    "workflows": ("workflows.py",),
}
README = ("readme.py",)


class Done(NamedTuple):
    """How a script ended; ``code`` is its exit code."""

    name: str
    code: int
    seconds: float

    @property
    def word(self) -> str:
        return {0: "ok", 1: "a requirement is missed", INTERRUPTED: "interrupted"}.get(self.code, "failed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scripts, print how each ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(SCRIPTS)}")
    names = parser.parse_args(arguments).names or list(SCRIPTS)
    if unknown := [name for name in names if name not in SCRIPTS]:
        parser.error(f"unknown benchmark {unknown[0]!r}; known: {', '.join(SCRIPTS)}")
    done: list[Done] = []
    for number, name in enumerate(names, 1):
        print(f"\n[{number}/{len(names)}] {name}", flush=True)
        done.append(run(name, SCRIPTS[name]))
        if done[-1].code == INTERRUPTED:
            break
    done.append(run("readme", README))
    print(summary(done))
    return next((INTERRUPTED for d in done if d.code == INTERRUPTED), int(any(d.code for d in done)))


def run(name: str, command: tuple[str, ...]) -> Done:
    """One script, which writes to the same terminal; Ctrl-C reaches it too, and it is waited for."""
    start = time.monotonic()
    with subprocess.Popen([sys.executable, str(FOLDER / command[0]), *command[1:]], cwd=FOLDER.parent) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.wait()
            code = INTERRUPTED
    return Done(name, code, time.monotonic() - start)


def summary(done: Sequence[Done]) -> str:
    """A line for each script."""
    lines = [f"{d.name:18s} {d.seconds:7.0f} s  {d.word}{f' (exit {d.code})' if d.code else ''}" for d in done]
    return "\n".join(["", *lines, f"results in {RESULTS}"])


if __name__ == "__main__":
    sys.exit(main())
