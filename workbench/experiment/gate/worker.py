"""One side of a gate in a process of its own: ``python -m workbench.experiment.gate.worker``, started by ``side``.

It works in its checkout's folder, with the checkout's import roots first on the path. The measured code runs on the
main thread, as it would in a program; the thread that talks with the gate only hands jobs over, so that it sees
end-of-file, and ends everything, also while the measured code hangs.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any

from workbench.capture.outcome import outcome_of, raised_at
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import CaptureError, ScenarioError, UsageError, WorkbenchError
from workbench.experiment.cores import begin_on, current_core
from workbench.experiment.exhaustion import used_up
from workbench.experiment.gate.openers import Opened, open_target
from workbench.experiment.gate.space import SubjectSpace
from workbench.experiment.heap import settled
from workbench.experiment.subprocesses import sample_script, with_sampled
from workbench.model import Recording, RoundKind, Status, utc_now
from workbench.scenarios.base import Settings
from workbench.services.child import Channel, run_child

__all__ = ["main"]

_LOOK_S = 0.5  # between two looks whether the gate is still there, while the measured code runs

_Job = tuple[Callable[..., dict[str, Any]], dict[str, Any], "Future[dict[str, Any]]"]


class _Worker:
    """The state of one side: its target and what was recorded of it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._sampler = SamplerSpec(**config["sampler"])
        self._space = SubjectSpace(config["roots"], apart=config["apart"])
        self._opened: Opened | None = None
        self._recorder = RunRecorder(self._sampler)
        self._sampled: Recording | None = None
        self._started_at = utc_now()
        self._plans: tuple[Any, ...] = ()
        self._undo = ExitStack()
        self._settle: Callable[[], None] | None = None

    @property
    def opened(self) -> Opened:
        assert self._opened is not None, "the gate opens the target first"
        return self._opened

    def open(self, text: str, opener: str, scenario: dict[str, Any]) -> dict[str, Any]:
        settings = Settings(**scenario)
        timeout_s = self._config["timeout_s"]
        self._opened = open_target(text, space=self._space, settings=settings, timeout_s=timeout_s, opener=opener)
        if self._opened.script is not None:  # there is nothing to see in this process
            self._recorder = RunRecorder(SamplerSpec(name="none"), spans=False)
        return {"parameters": dict(self._opened.parameters), "script": self._opened.script is not None}

    def calibrate(self, seconds: float) -> dict[str, Any]:
        self.opened.calibrate(seconds)
        return {"loops": self.opened.loops}

    def loops(self, loops: int) -> dict[str, Any]:
        self.opened.loops = loops
        return {}

    def round(self, kind: str, position: int, core: int | None) -> dict[str, Any]:
        """Measure one round, on the ``core`` that the other side's began on, and tell which that was."""
        opened = self.opened
        opened.setup()
        if core is not None:
            begin_on(core)
        began_on = current_core()
        runner = getattr(opened.workload, "runner", None)  # an event loop that lasts from round to round
        value, current = self._recorder.call(RoundKind(kind), opened.body(), position=position, runner=runner)
        outcome = opened.finish(asyncio.run(value) if inspect.iscoroutine(value) else value)
        for name, number in outcome.measures.items():
            current.measure(name, number)
        self._plans = outcome.plans or self._plans
        return {
            "measures": dict(current.measures),
            "digest": outcome.digest,
            "outline": outcome.outline,
            "core": began_on,
            "failures": [[failure.resource, failure.error] for failure in outcome.failures],
        }

    def attempt(self) -> dict[str, Any]:
        """Run the target once, without a record of it."""
        return {"ending": self.opened.attempt()}

    def settle(self) -> dict[str, Any]:
        if self._settle is None:
            self._settle = self._undo.enter_context(settled())
        else:
            self._settle()
        return {}

    def sample(self) -> dict[str, Any]:
        """A script's sampled round, which is a process of its own."""
        path = self.opened.script
        assert path is not None
        recording = sample_script(path, self._sampler, self._config["timeout_s"])
        self._sampled = with_sampled(self._sampled, recording)
        return {"measures": dict(recording.run.rounds[-1].measures)}

    def strays(self, elsewhere: str, own: list[str]) -> dict[str, Any]:
        """Modules that came from the other side's checkout, or the project's own that came from neither."""
        with self._space.entered():
            files = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
        found = [name for name, file in files if file and _is_stray(name, file, elsewhere, own, self._config)]
        return {"strays": found[:5]}

    def finish(self, path: str, bare: bool, identity: dict[str, Any]) -> dict[str, Any]:
        opened = self.opened
        status = identity.pop("status")
        recording = self._recorder.finish(
            **identity,
            scenario=opened.scenario,
            variant=opened.variant,
            started_at=self._started_at,
            status=Status(status) if status else None,
            bare=bare,
        )
        if self._sampled is not None:
            recording = with_sampled(recording, self._sampled)
        recording = replace(recording, plans=self._plans, sources=())
        Path(path).write_bytes(pickle.dumps(recording, pickle.HIGHEST_PROTOCOL))
        return {}

    def close(self) -> dict[str, Any]:
        if self._opened is not None:
            self._opened.close()
        return {}


def _is_stray(name: str, file: str, elsewhere: str, own: list[str], config: dict[str, Any]) -> bool:
    top = name.partition(".")[0]
    if name == "__main__" or (top == "workbench" and not config["apart"]) or _below(config["checkout"], file):
        return False
    return top in own or (_below(elsewhere, file) and "site-packages" not in file)


def _below(folder: str, file: str) -> bool:
    return bool(folder) and file.startswith(f"{folder}{os.sep}")


class _Interruptible:
    """Runs jobs on the main thread; SIGINT ends the one that runs and is ignored between two."""

    def __init__(self, checkout: str) -> None:
        self._checkout = checkout
        self._running = False
        self._asked = False
        signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._running:
            self._running = False
            self._asked = True
            raise KeyboardInterrupt

    def run(self, function: Callable[..., dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
        """The answer, or what went wrong: whatever the measured code raises must not end the worker."""
        self._asked = False
        try:
            self._running = True
            return function(**arguments)
        except BaseException as error:
            self._running = False
            return _failure(error, self._checkout) | {
                "interrupted": self._asked and isinstance(error, KeyboardInterrupt)
            }
        finally:
            self._running = False


def _failure(error: BaseException, checkout: str) -> dict[str, Any]:
    """What the gate is told. Files are named from the checkout on, as the baseline's is gone afterwards."""
    _, line = outcome_of(error)
    told = line or "SystemExit: 0"
    stop = used_up(error)
    place = raised_at(stop or error).removeprefix(" at ")
    said = str(error) if isinstance(error, WorkbenchError) else f"{told} ({place})" if place else told
    if stop is not None:
        said = f"has no repetitions left: {said}; make what it consumes anew in setup_NAME"
    return {
        "failed": said.replace(f"{checkout}{os.sep}", "") if checkout else said,
        "missing": isinstance(error, UsageError),
        "sampler": isinstance(error, CaptureError),
        "exit_code": error.exit_code if isinstance(error, ScenarioError) else ScenarioError.exit_code,
    }


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve the gate until it closes the line; see the methods of ``_Worker`` for what it may ask."""
    os.environ["PYTHONPATH"] = config["pythonpath"]  # for scripts and services that the target starts
    worker = _Worker(config)
    jobs: SimpleQueue[_Job] = SimpleQueue()

    def on_main_thread(function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def call(**arguments: Any) -> dict[str, Any]:
            future: Future[dict[str, Any]] = Future()
            jobs.put((function, arguments, future))
            return _awaited(future, channel)

        return call

    for name in ("open", "calibrate", "loops", "round", "attempt", "settle", "sample", "strays", "finish", "close"):
        channel.operations[name] = on_main_thread(getattr(worker, name))
    channel.cleanups += [worker.close, lambda: os.killpg(os.getpid(), signal.SIGKILL)]
    channel.ready({"pid": os.getpid()})
    _silence()
    main_thread = _Interruptible(config["checkout"])
    while True:
        function, arguments, future = jobs.get()
        future.set_result(main_thread.run(function, arguments))


def _awaited(future: Future[dict[str, Any]], channel: Channel) -> dict[str, Any]:
    """The job's answer; where the gate closes the line or dies before there is one, everything ends."""
    line = select.poll()
    line.register(channel.line, select.POLLHUP)
    while True:
        try:
            return future.result(timeout=_LOOK_S)
        except TimeoutError:
            if any(event & select.POLLHUP for _, event in line.poll(0)):
                channel.exit()


def _silence() -> None:
    """What the measured code prints is thrown away; a full pipe or disk must not stop it."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(sink, descriptor)
    os.close(sink)


if __name__ == "__main__":
    run_child(main)
