"""What takes the stacks of a sampled round: pyinstrument in process, py-spy from outside, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import FrameType
from typing import Protocol

from workbench.capture.frames import StackTable
from workbench.errors import UsageError
from workbench.model import Frame, Sampler
from workbench.suggestions import suggestion

__all__ = ["RunningSampler", "SampledStack", "SamplerSpec", "WholeProgram", "start_sampler"]

NAMES = ("pyinstrument", "py-spy", "none")
SHORTEST_INTERVAL_S = 0.0001


@dataclass(frozen=True, slots=True)
class SampledStack:
    """One sample as a sampler gives it; times in ns since the round began, ``line`` 0 if unknown.

    ``task`` is the asyncio task that ran or waited, "" for none or where the sampler can't tell (py-spy). For a C
    function at the leaf ``line`` is the calling line, which is where a source listing shows it.
    """

    time_ns: int
    weight_ns: int
    stack: tuple[Frame, ...]
    thread: str
    line: int
    task: str = ""


INTERVALS_S: Mapping[str, float] = {"pyinstrument": 0.001, "py-spy": 0.01}
"""Between samples, where nobody chose. py-spy pauses the program for each of its looks: at 1 ms on a machine whose
cores are taken it hardly runs at all."""


@dataclass(frozen=True, slots=True)
class SamplerSpec:
    """Which sampler to use and how. ``interval_s`` is in seconds; the flags below it are py-spy's."""

    name: str = "pyinstrument"
    interval_s: float = 0.001
    async_mode: str = "enabled"  # pyinstrument: time waited for is charged to the awaiting function
    native: bool = False  # frames of C extensions
    gil: bool = False  # only the thread that holds the GIL
    idle: bool = False  # waiting threads too
    subprocesses: bool = False

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise UsageError(f"no sampler {self.name!r}{suggestion(self.name, NAMES)}")
        if not self.interval_s >= SHORTEST_INTERVAL_S:
            raise UsageError(f"interval {self.interval_s} s is too short; the least is {SHORTEST_INTERVAL_S} s")
        if self.async_mode not in ("enabled", "disabled"):
            raise UsageError(f"async_mode is 'enabled' or 'disabled', not {self.async_mode!r}")

    @classmethod
    def chosen(
        cls, name: str, interval_s: float | None = None, *, idle: bool = False, subprocesses: bool = False
    ) -> SamplerSpec:
        """At the interval that suits the sampler, unless one is asked for."""
        seconds = INTERVALS_S.get(name, 0.001) if interval_s is None else interval_s
        return cls(name, seconds, idle=idle, subprocesses=subprocesses)

    def describe(self) -> Sampler:
        """The sampler as a run states it."""
        if self.name == "none":
            return Sampler()
        return Sampler(
            name=self.name,
            version=_version(self.name),
            interval_ns=round(self.interval_s * 1e9),
            clock="gil" if self.gil else "wall",
            mode=",".join(self._modes()),
        )

    def _modes(self) -> list[str]:
        if self.name == "pyinstrument":
            return ["async"] if self.async_mode == "enabled" else []
        return [mode for mode in ("native", "idle", "subprocesses") if getattr(self, mode)]


class RunningSampler(Protocol):
    """A sampler at work. ``begin``, ``end`` and ``stop`` are called once each, also after an exception inside."""

    @property
    def spec(self) -> SamplerSpec:
        """How it samples: as was asked, unless it is a part of another recording."""

    def begin(self) -> None:
        """Count from here on: the round's clock runs. What was sampled before isn't the round's."""

    def end(self) -> None:
        """Count up to here: the round's clock stops next, so that no round has more samples than time."""

    def stop(self) -> None:
        """End the sampling; cheap, because it is called before anything is converted."""

    def paused(self) -> AbstractContextManager[object]:
        """Take no samples of this thread inside; a sampler that looks from outside goes on."""

    def samples(self) -> Iterable[SampledStack]:
        """What was sampled, in time order within each thread; to be called after ``stop``."""


def start_sampler(
    spec: SamplerSpec, table: StackTable, caller: FrameType, *, join: bool = False
) -> RunningSampler | None:
    """Start sampling this thread (pyinstrument) or this process (py-spy); None for ``none``.

    ``caller`` is the frame whose callees are measured: what stands above it is left out of the stacks. ``join``:
    where a recording samples this thread already, take what it samples from here on, at its interval.
    Raises ProfilerActive, SamplerUnavailable or SamplerPermission.
    """
    if spec.name == "pyinstrument":
        from workbench.capture.inprocess import InProcessSampler, sampled_part

        if join and (part := sampled_part(table, caller)) is not None:
            return part
        return InProcessSampler(spec, table, caller)
    if spec.name == "py-spy":
        from workbench.capture.pyspy import sample_self

        return sample_self(spec, caller)
    return None


class WholeProgram:
    """The run of ``workbench profile`` that records this process from its start, "" for none.

    The blocks inside it are parts of that run by this; what saving them takes is ``left_out`` of it.
    """

    run_id = ""
    left_out: Callable[..., AbstractContextManager[object]] | None = None


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
