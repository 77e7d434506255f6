"""The gate's own error rates: a throw-away repository, judged against an equal commit and against a slower one.

``python benchmarks/gate.py [--equal N] [--slower M]`` runs ``workbench gate`` as a user would, each time in a
process of its own: N times on a function of about 5 ms that nobody changed, M times on one that does a tenth more.
What came of it goes to ``benchmarks/results/gate.json`` after every gate, so that it stands when the rest is
interrupted; 1 where equal code failed in more than 1 % of the gates. On two cores a gate on equal code takes
some 9 s, one on slower code some 5 s: about 20 minutes in all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from verdict import clopper_pearson

from workbench.capture.environment import environment

RESULTS = Path(__file__).resolve().parent / "results" / "gate.json"
TARGET = "work.py:page"
UNITS_OF_WORK = 200
MOST_FALSE_ALARMS = 0.01
INTERRUPTED = 130

CODE = """
def item(seed):
    total = 0
    for number in range(300):
        total += number * seed % 7
    return total


def page():
    for seed in range({units}):
        item(seed)
    return "done"
"""


def repository(folder: Path, factor: float) -> None:
    """A repository whose HEAD does ``UNITS_OF_WORK`` and whose newer commit does ``factor`` times that."""
    git(folder, "init", "-q")
    for units in dict.fromkeys((UNITS_OF_WORK, round(UNITS_OF_WORK * factor))):
        (folder / "work.py").write_text(CODE.format(units=units), encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", f"{units} units")


def git(folder: Path, *arguments: str) -> None:
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=variables)


def gates(times: int, factor: float, seconds: float) -> Iterator[dict[str, Any]]:
    """What each of ``times`` gates said of the commit before, or of the same one where nothing differs."""
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as outer:
        project = Path(outer, "project")
        project.mkdir()
        repository(project, factor)
        baseline = "HEAD" if factor == 1 else "HEAD~1"
        for number in range(times):
            began = time.monotonic()
            store = str(Path(outer, f"{number}.duckdb"))
            command = [sys.executable, "-m", "workbench", "gate", "--baseline", baseline, "--store", store]
            done = subprocess.run(
                [*command, "--max-seconds", f"{seconds:g}", "--json", TARGET],
                cwd=project, stdout=subprocess.PIPE, check=False,
            )  # fmt: skip
            (target,) = json.loads(done.stdout)["targets"]
            took = time.monotonic() - began
            print(
                f"{factor:.2f}× {number + 1}/{times}: {target['verdict']} {target['sentence']}, {took:.0f} s",
                flush=True,
            )
            yield {"verdict": target["verdict"], "pairs": target["pairs"], "ratio": target["ratio"], "s": took}


def summarised(effect: float, said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How often each verdict was given, and the bounds of the rate of REGRESSION."""
    found = Counter(each["verdict"] for each in said)
    low, high = clopper_pearson(found["REGRESSION"], len(said))
    seconds = sorted(each["s"] for each in said)
    return {
        "effect": effect,
        "gates": len(said),
        "verdicts": dict(found),
        "regression": found["REGRESSION"] / len(said),
        "low": low,
        "high": high,
        "median_s": seconds[len(said) // 2],
        "four_of_five_within_s": seconds[-(-4 * len(said) // 5) - 1],
        "median_pairs": sorted(each["pairs"] for each in said)[len(said) // 2],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gates and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--equal", type=int, default=100, help="gates on equal code")
    parser.add_argument("--slower", type=int, default=40, help="gates on code that does 10 %% more")
    parser.add_argument("--seconds", type=float, default=30.0, help="budget of timing a gate")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    wanted = ((0.0, chosen.equal), (0.1, chosen.slower))
    machine = asdict(environment())
    document = {"environment": {name: machine[name] for name in ("cpu", "cores", "os", "python")}, "rows": []}
    rows: dict[float, dict[str, Any]] = {}
    try:
        for effect, times in wanted:
            said = []
            for each in gates(times, 1 + effect, chosen.seconds):
                said.append(each)
                rows[effect] = summarised(effect, said)
                written(chosen.output, document | {"rows": list(rows.values())})
    except KeyboardInterrupt:
        print(f"interrupted; what was measured is in {chosen.output}", file=sys.stderr)
        return INTERRUPTED
    return int(any(row["effect"] == 0 and row["regression"] > MOST_FALSE_ALARMS for row in rows.values()))


def written(output: Path, document: dict[str, Any]) -> None:
    """Write the results; whoever is interrupted meanwhile has the last ones."""
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_suffix(".part")
    part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(output)


if __name__ == "__main__":
    sys.exit(main())
