"""py-spy with and without its pauses: torn stacks, lost looks, sleepers that seem to run.

``python benchmarks/pyspy.py`` runs a call-heavy program and one whose threads sleep, in turns under each mode and
rate, prints a table and writes ``benchmarks/results/pyspy.json``. A stack is torn if a function stands in it under
one that never calls it. What the pauses cost is not among them: on a busy machine the neighbours decide it.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbench.capture.environment import environment
from workbench.capture.pyspy import executable
from workbench.capture.speedscope import read_speedscope

RESULTS = Path(__file__).parent / "results" / "pyspy.json"
TURNS = 3
SECONDS = 2.0
RATES = (1000, 100)
MODES = {"pauses": [], "nonblocking": ["--nonblocking"]}
CALLS = {
    "<module>": {"main"},
    "main": {"outer", "side", "deeper"},
    "outer": {"middle"},
    "middle": {"inner"},
    "side": {"leaf"},
    "deeper": {"deeper", "leaf"},
}
BUSY = """
import sys, time
def inner(n): return n * n % 7
def middle(n): return inner(n) + inner(n + 1)
def outer(n): return middle(n) + middle(n + 1)
def leaf(n): return n * 3 % 5
def side(n): return leaf(n) + leaf(n + 1)
def deeper(n): return deeper(n - 1) + 1 if n else leaf(1)
def main(seconds):
    end, done = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        outer(done), side(done), deeper(30)
        done += 1
main(float(sys.argv[1]))
"""
SLEEPY = """
import sys, threading, time
def sleeper(end):
    while time.perf_counter() < end:
        time.sleep(0.05)
end = time.perf_counter() + float(sys.argv[1])
threads = [threading.Thread(target=sleeper, args=(end,)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def main() -> int:
    found: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(TURNS):
            print(f"turn {turn + 1} of {TURNS}", file=sys.stderr)
            one_turn(Path(folder), found)
    result = {
        name: {measure: statistics.median(values) for measure, values in each.items()}
        for name, each in found.items()
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(
        json.dumps(
            {"seconds": SECONDS, "modes": result, "environment": asdict(environment())}, indent=2, default=dict
        )
        + "\n"
    )
    show(result)
    return 0


def one_turn(folder: Path, found: dict[str, dict[str, list[float]]]) -> None:
    for rate in RATES:
        for mode, flags in MODES.items():
            options = ["--rate", str(rate), *flags]
            lost, profile = program(folder, BUSY, options)
            stacks = list(stacks_of(profile))
            kept = found.setdefault(f"{rate} a second, {mode}", {})
            measured = {
                "torn": sum(map(torn, stacks)) / max(len(stacks), 1),
                "lost": lost / max(lost + len(stacks), 1),
            }
            _, profile = program(folder, SLEEPY, options)
            measured["sleepers_s"] = sum(1 for _ in stacks_of(profile)) / rate
            measured["sleepers_kept_s"] = sum(
                sample.weight_ns / 1e9
                for sample in read_speedscope(profile)
                if any(frame.file.endswith("program.py") for frame in sample.stack)
            )
            for name, value in measured.items():
                kept.setdefault(name, []).append(value)


def program(folder: Path, text: str, options: list[str]) -> tuple[int, Path]:
    """How many looks py-spy lost, and its recording."""
    script, profile = folder / "program.py", folder / "profile.json"
    script.write_text(text)
    spy = [executable(), "record", "--format", "speedscope", "--full-filenames", "--output", str(profile)]
    command = [*spy, *options, "--", sys.executable, str(script), str(SECONDS)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = f"{ran.stdout}\n{ran.stderr}".splitlines()  # py-spy speaks on either
    lost = [line.rpartition("Errors: ")[2] for line in lines if "Errors: " in line]
    return int(lost[0]) if lost else 0, profile


def stacks_of(profile: Path) -> Iterator[list[str]]:
    """Names from the root, of stacks that have reached the program's code."""
    document = json.loads(profile.read_text())
    frames: list[dict[str, Any]] = document["shared"]["frames"]
    for thread in document["profiles"]:
        for sample in thread["samples"]:
            if any(str(frames[number].get("file", "")).endswith("program.py") for number in sample):
                yield [frames[number]["name"] for number in sample]


def torn(stack: list[str]) -> bool:
    return any(below not in CALLS.get(above, set()) for above, below in pairwise(stack))


def show(result: dict[str, dict[str, float]]) -> None:
    print("looks: torn stacks, lost looks; sleepers that seem to run, and as we read it")
    for name, each in result.items():
        sleepers = f"{1000 * each['sleepers_s']:.0f} ms, {1000 * each['sleepers_kept_s']:.0f} ms"
        print(f"{name}: {each['torn']:.2%}, {each['lost']:.2%}; {sleepers}")


if __name__ == "__main__":
    sys.exit(main())
