"""One test's profile: what it measures is recorded once, kept, and its counts are held against the mark's."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from workbench.analysis.issued import issued_at
from workbench.capture.environment import environment
from workbench.capture.power import conditions
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.errors import ProfilerActive
from workbench.experiment.generators import refuse_generator
from workbench.experiment.saving import save_or_warn
from workbench.model import Recording, RoundKind, Session, utc_now
from workbench.store.ids import new_id
from workbench.testing.asked import Asked

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ["Profiled", "count_failures", "unwatched"]

_HTTP = {"httpx": "httpx", "botocore": "botocore.httpsession"}
_SQL = {"SQLAlchemy": "sqlalchemy"}
_WATCHED: Mapping[str, Mapping[str, str]] = {
    "statements": _SQL,
    "requests": _HTTP,
    "connects": {**_HTTP, **_SQL},
    "tls_handshakes": _HTTP,
    "cypher_statements": {"the neo4j driver": "neo4j"},
}
"""Measure → the libraries whose work is counted, and the module by which one tells that it is there."""


class Profiled:
    """Calls functions and records each call as a round: ``profiled(function, *arguments)`` returns its value.

    A coroutine function, or one that returns an awaitable, gives a coroutine to await. Where another profiler is at
    work in this thread, times and I/O are recorded without stacks. ``run_id`` names the run after the test, "" if
    there is none in the store.
    """

    def __init__(self, name: str, sampler: str = "pyinstrument") -> None:
        self.name = name
        self.run_id = ""
        self.unsaved = ""
        self.recording: Recording | None = None
        self._started_at = utc_now()
        self._conditions = conditions()
        self._sampler = sampler
        self._recorder: RunRecorder | None = None

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(function):
            return self._await(function(*args, **kwargs))
        with self._round() as current:
            value = function(*args, **kwargs)
        if not inspect.isawaitable(value):
            refuse_generator(function, value)
            return value
        if self._recorder is not None and not current.measures.get("spans"):
            self._recorder.discard(current)  # it made the awaitable only
        return self._await(value)

    async def _await(self, value: Awaitable[Any]) -> Any:
        with self._round():
            return await value

    def _round(self) -> Any:
        from workbench.capture.inprocess import refuse_second_profiler

        if self._recorder is None:
            try:
                refuse_second_profiler()
                spec = SamplerSpec.chosen(self._sampler)
            except ProfilerActive:
                spec = SamplerSpec(name="none")
            self._recorder = RunRecorder(spec, collector_off=False)
        return self._recorder.round(RoundKind.SAMPLED)

    @property
    def was_used(self) -> bool:
        return self._recorder is not None

    def finish(self) -> None:
        """Keep the run in the store; where that fails the test goes on and ``unsaved`` says why."""
        if self._recorder is None:
            return
        session = Session(new_id(self._started_at), "test", self._started_at, "", self._conditions, environment())
        run_id = new_id(self._started_at)
        self.recording = self._recorder.finish(
            run_id=run_id, session_id=session.session_id, name=self.name, started_at=self._started_at
        )
        problem = save_or_warn(session, self.recording, None)
        self.run_id, self.unsaved = ("", str(problem)) if problem else (run_id, "")


def unwatched(recording: Recording, asked: Asked) -> list[str]:
    """A line for each declared count that nothing could have counted: its libraries were never loaded."""
    lines = []
    for name in asked.counts:
        libraries = _WATCHED.get(name, {})
        measured = sum(r.measures.get(name, 0.0) for r in recording.run.rounds)
        if libraries and not measured and not any(module in sys.modules for module in libraries.values()):
            listed = " and ".join(libraries)
            lines.append(
                f"counts: {name.replace('_', ' ')} are seen through {listed} only, and nothing has imported "
                f"{'that' if len(libraries) == 1 else 'those'}: what another library does is not counted"
            )
    return lines


def count_failures(recording: Recording, asked: Asked) -> list[str]:
    """A line for each count above what the mark allows, with the places that issued the most."""
    lines = []
    for name, most in asked.counts.items():
        measured = sum(r.measures.get(name, 0.0) for r in recording.run.rounds)
        if measured > most:
            said = f"{name.replace('_', ' ')}: {measured:g}, at most {most} allowed"
            lines.append("; ".join(filter(None, (said, issued_at(recording, name)))))
    return lines
