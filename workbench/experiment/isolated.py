"""A user's function in a fresh interpreter each round: no memory layout, hash order or state outlives a round.

Identical code can differ by a per cent or two for as long as a process lives, by where its objects happen to lie
(Mytkowicz et al., *Producing Wrong Data Without Doing Anything Obviously Wrong!*, ASPLOS 2009). With a process a
round that becomes noise, which an interval knows about.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from workbench.capture.samplers import SamplerSpec
from workbench.errors import ScenarioError
from workbench.experiment.subprocesses import ending, load_recording, run_child
from workbench.scenarios.base import Outcome

if TYPE_CHECKING:
    from workbench.model import Recording

__all__ = ["DIGEST", "IsolatedWorkload"]

DIGEST = "result_digest"
"""Parameter of a child's recording: what its function returned."""


class IsolatedWorkload:
    """As ``FunctionWorkload``, but each round's body runs, warm, in a child of its own.

    The round's time, memory and counts are those of the body alone, without the interpreter's start. String hashes
    are fixed (``PYTHONHASHSEED=0`` unless the variable is set). A child that takes longer than ``timeout_s`` is
    killed, and the round fails.
    """

    def __init__(self, path: Path, name: str, timeout_s: float) -> None:
        self._path, self._name, self._timeout_s = path.absolute(), name, timeout_s
        self.loops = 1

    def calibrate(self, seconds: float) -> None:
        """Choose ``loops`` so that a round lasts at least ``seconds``, in a child."""
        found = self._child({"calibrate": seconds})
        self.loops = int(cast("int", found.run.parameters["loops"]))

    def setup(self) -> None:
        """Nothing here: the child sets up."""

    def run(self) -> Recording:
        return self._child({"loops": self.loops})

    def finish(self, value: Any) -> Outcome:
        recording: Recording = value
        return Outcome(str(recording.run.parameters[DIGEST]), dict(recording.run.rounds[-1].measures))

    def sample(self, sampler: SamplerSpec) -> Recording:
        """One sampled round. Raises ``CaptureError`` where that fails."""
        return self._child({"loops": self.loops, "sampler": asdict(sampler)})

    def _child(self, orders: dict[str, Any]) -> Recording:
        target = f"{self._path}:{self._name}"
        with TemporaryDirectory(prefix="workbench-") as folder:
            result = Path(folder, "recording")
            given = json.dumps({"path": str(self._path), "name": self._name, "result": str(result), **orders})
            done = run_child(
                [sys.executable, "-P", "-m", "workbench.experiment.isolated_child", given], target, self._timeout_s
            )
            if not result.exists() and "sampler" not in orders:
                raise ScenarioError(f"{target} ended its own process: {ending(done)}")
            return load_recording(result, done, target)

    def close(self) -> None:
        """Nothing is left open between rounds."""
