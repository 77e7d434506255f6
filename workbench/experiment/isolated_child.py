"""One round of a function in an interpreter of its own: what ``isolated`` starts."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.capture.outcome import outcome_of, raised_at
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ScenarioError, WorkbenchError
from workbench.experiment.callables import FunctionWorkload
from workbench.experiment.heap import settled
from workbench.experiment.isolated import DIGEST
from workbench.model import Recording, RoundKind

__all__ = ["main"]


def main(orders: dict[str, Any]) -> int:
    """Carry out the orders and write a recording, or the error, to where they say."""
    try:
        answer: Recording | WorkbenchError = _round(orders)
    except WorkbenchError as error:
        answer = error
    except (Exception, SystemExit) as error:
        _, line = outcome_of(error)
        answer = ScenarioError(
            f"{orders['path']}:{orders['name']} failed{raised_at(error)}: {line or 'SystemExit: 0'}"
        )
    part = Path(orders["result"]).with_suffix(".part")
    part.write_bytes(pickle.dumps(answer, pickle.HIGHEST_PROTOCOL))
    part.rename(orders["result"])
    return 0


def _round(orders: dict[str, Any]) -> Recording:
    workload = FunctionWorkload(Path(orders["path"]), orders["name"])
    try:
        recorder = RunRecorder(SamplerSpec(**orders.get("sampler", {"name": "none"})))
        workload.calibrate(orders.get("calibrate", 0.0))  # also tells an async function, and is its first call
        parameters: dict[str, str | int] = {"loops": workload.loops}
        if "loops" in orders:
            workload.loops = orders["loops"]
            kind = RoundKind.SAMPLED if "sampler" in orders else RoundKind.TIMING
            parameters[DIGEST] = _measure(workload, recorder, kind)
    finally:
        workload.close()
    recording = recorder.finish(run_id="", session_id="", name="", parameters=parameters, bare=True)
    return replace(recording, run=replace(recording.run, rounds=recording.run.rounds[-1:]))


def _measure(workload: FunctionWorkload, recorder: RunRecorder, kind: RoundKind) -> str:
    """A round to warm up in, then the one that counts; the digest of its result."""
    workload.warm()
    with settled():
        workload.setup()
        value, round_ = recorder.call(kind, workload.run, runner=workload.runner)
        outcome = workload.finish(value)
    for name, number in outcome.measures.items():
        round_.measure(name, number)
    return outcome.digest


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
