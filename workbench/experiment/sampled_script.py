"""The child that runs a script under the sampler: ``python -m workbench.experiment.sampled_script REQUEST``."""

from __future__ import annotations

import pickle
import runpy
import sys
from pathlib import Path

from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import RoundKind, utc_now

__all__ = ["main"]


def main(request: Path) -> None:
    """Run the requested script as ``__main__`` in one sampled round and write its pickled ``Recording``."""
    script, sampler, answer = pickle.loads(request.read_bytes())
    recorder = RunRecorder(SamplerSpec(**sampler))
    started_at = utc_now()
    sys.argv = [script]
    sys.path[0] = str(Path(script).resolve().parent)
    try:
        with recorder.round(RoundKind.SAMPLED):
            _run(script)
    finally:
        recording = recorder.finish(run_id="child", session_id="child", name=script, started_at=started_at)
        Path(answer).write_bytes(pickle.dumps(recording))


def _run(script: str) -> None:
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:  # a script's ordinary end, whatever its status: the timing rounds compare that
        if end.code not in (None, 0):
            sys.stderr.write(f"exit status {end.code}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
