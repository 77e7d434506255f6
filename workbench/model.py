"""The values that travel along the flow: frozen, without behaviour that needs anything but themselves.

Times are integers in nanoseconds where they come from a clock, floats in seconds where they are measures.
``*_at`` is wall-clock UTC; everything else is relative to the start of its round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.calltree import CallTree

__all__ = [
    "UNITS",
    "CallerChange",
    "Comparison",
    "Environment",
    "Frame",
    "FunctionChange",
    "FunctionSource",
    "Plan",
    "PlanOperator",
    "Recording",
    "Round",
    "RoundKind",
    "Run",
    "Sampler",
    "Scalar",
    "Session",
    "Span",
    "Status",
    "Verdict",
    "utc_now",
]

Scalar = str | int | float | bool | None

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "wall": "s",
        "cpu": "s",
        "run_delay": "s",  # threads that were ready waited so long for a core; of processes seen from outside
        "peak_rss": "bytes",
        "requests": "count",  # HTTP requests issued, retries included
        "connects": "count",  # TCP connections opened
        "tls_handshakes": "count",
        "statements": "count",  # SQL statements sent to a server
        "cypher_statements": "count",
        "throttled": "count",  # answers with status 429
        "retries": "count",  # requests that repeat one which failed, was throttled or met a server error
        "errors": "count",  # spans that ended with an error
        "bytes_sent": "bytes",
        "bytes_received": "bytes",
        "spans": "count",
    }
)
"""The standard measures of a round and their units; a scenario may add its own with a unit of its choice."""


def utc_now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


class Status(StrEnum):
    """How a run or round ended."""

    OK = "ok"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class RoundKind(StrEnum):
    """Warm-ups are kept but never counted; timing rounds carry no sampler; stacks come from sampled rounds."""

    WARMUP = "warmup"
    TIMING = "timing"
    SAMPLED = "sampled"


class Verdict(StrEnum):
    REGRESSION = "REGRESSION"
    PASS = "PASS"
    IMPROVEMENT = "IMPROVEMENT"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True)
class Frame:
    """A function as the call tree knows it; its identity is all three fields.

    ``file`` is checkout-independent (``workbench/cli.py``, ``<site>/httpx/_client.py``, ``<stdlib>/ssl.py``,
    ``<built-in>``); ``function`` is the qualified name; ``line`` is the definition line and stands only where
    the qualified name could not be found, to tell same-named functions apart (0 otherwise).
    """

    file: str
    function: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Sampler:
    """What took the stacks of a run. ``interval_ns`` is 0 for ``none``."""

    name: str = "none"  # "pyinstrument", "py-spy" or "none"
    version: str = ""
    interval_ns: int = 0
    clock: str = "wall"  # "wall" or "gil" (py-spy --gil counts only the thread that holds it)
    mode: str = ""  # such as "async", "native", "idle", "subprocesses", joined by commas


@dataclass(frozen=True, slots=True)
class Span:
    """One I/O operation: an HTTP request, a connect, a TLS handshake, a statement, a cache call, a pool wait.

    ``name`` and ``attributes`` hold no literals of the user's data: paths are templated or redacted, query
    strings dropped. ``node`` is the run-local number of the calling stack in the run's call tree, -1 if unknown.
    ``parent`` is the run-local ``number`` of the enclosing span, -1 for none. ``trace_id`` (32 hex digits) and
    ``otel_span_id`` (16) join a client's span to the server's.
    """

    number: int
    parent: int
    round: int
    kind: str  # "http", "connect", "tls", "sql", "cypher", "cache", "pool-wait", ...
    name: str
    start_ns: int
    duration_ns: int
    status: str = "ok"  # "ok" or "error"
    thread: int = 0  # index into the call tree's threads
    node: int = -1
    site: str = ""  # "file:line" of the nearest frame of the user's own code
    bytes_sent: int = 0
    bytes_received: int = 0
    trace_id: str = ""
    otel_span_id: str = ""
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """One repetition. ``index`` counts within the run; ``position`` is its place in the session's interleaving."""

    index: int
    kind: RoundKind
    position: int
    started_at: datetime
    measures: Mapping[str, float] = field(default_factory=dict)
    status: Status = Status.OK
    error: str = ""  # exception type and redacted message


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a session was measured; what two runs must share to be comparable."""

    commit: str = ""
    dirty: bool = False
    branch: str = ""
    python: str = ""  # "3.11.7"
    implementation: str = ""  # "CPython"
    packages: Mapping[str, str] = field(default_factory=dict)
    os: str = ""
    cpu: str = ""
    cores: int = 0
    memory_bytes: int = 0
    machine: str = ""  # a digest of host identity: equal on the same machine, tells nothing about it
    power: str = ""  # "performance, turbo off", "unknown" where the system doesn't tell; "" if nobody looked
    workbench: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting. ``kind``: "scenario", "compare", "block" (``wb.profile``), "script", "attach", "import".

    ``parameters`` hold what was chosen for all runs: scale, seed, resources, link, dataset_digest, rounds, order.
    """

    session_id: str
    kind: str
    started_at: datetime
    scenario: str = ""
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    environment: Environment = field(default_factory=Environment)


@dataclass(frozen=True, slots=True)
class Run:
    """One variant in one session (or one user's block), with its rounds. Stacks and spans are read separately."""

    run_id: str
    session_id: str
    name: str
    started_at: datetime
    duration_s: float = 0.0
    scenario: str = ""
    variant: str = ""
    status: Status = Status.OK
    error: str = ""
    sampler: Sampler = Sampler()
    parameters: Mapping[str, Scalar] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()

    def values(self, measure: str, kind: RoundKind = RoundKind.TIMING) -> list[float]:
        """The measure in each completed round of that kind, in round order."""
        return [
            r.measures[measure]
            for r in self.rounds
            if r.kind is kind and r.status is Status.OK and measure in r.measures
        ]


@dataclass(frozen=True, slots=True)
class PlanOperator:
    """One step of a plan. ``detail`` says on what it works (table, index, condition), without literals.

    ``measures`` are the server's own: ``rows``, ``loops``, ``seconds``, ``db_hits``, ``shared_read_blocks``, …
    """

    name: str  # "Index Scan", "NodeByLabelScan@neo4j"
    depth: int = 0
    detail: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a server carried out one distinct statement of a run: ``EXPLAIN (ANALYZE, BUFFERS)``, ``PROFILE``.

    ``statement`` has no literals. ``operators`` stand from the root, each followed by those below it. ``document``
    is the server's own answer as JSON ("" if it gives none); ``measures`` are totals of the whole statement.
    """

    statement: str
    engine: str  # "postgresql" or "neo4j"
    operators: tuple[PlanOperator, ...] = ()
    document: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """Where a function stood in its file when it was recorded, and a digest of what it said; never its text.

    ``digest`` is BLAKE2b-64 (16 hex digits) of lines ``first_line`` to ``last_line``, as ``capture.source`` reads
    them. A view shows the source beside the times only if the file still gives the same digest.
    """

    frame: Frame
    first_line: int
    last_line: int
    digest: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished run as capture hands it to the store."""

    run: Run
    tree: CallTree | None = None
    spans: tuple[Span, ...] = ()
    plans: tuple[Plan, ...] = ()
    sources: tuple[FunctionSource, ...] = ()


@dataclass(frozen=True, slots=True)
class CallerChange:
    """Self time of a function under one caller, seconds per round; ``caller`` None where nobody calls it."""

    caller: Frame | None
    base_seconds: float
    new_seconds: float


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """Self time of one function in base and new: seconds per round, and shares of the sampled time.

    ``low`` to ``high`` is the interval of ``new_seconds - base_seconds``, of such a level that of those told 95 %
    hold the true change: it excludes 0 where a change is told, and only there. ``q`` is the p-value adjusted for
    the number of functions tested. All three are NaN where the sampled rounds were too few, or the function too
    seldom on top, to tell a change from noise. ``change`` says what was told: "grew", "shrank", "moved" (the same
    time under other ``callers``), "" for neither; with a false-discovery rate of at most 5 %.
    """

    frame: Frame
    base_seconds: float
    new_seconds: float
    base_share: float
    new_share: float
    low: float = math.nan
    high: float = math.nan
    q: float = math.nan
    change: str = ""
    callers: tuple[CallerChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Base against new. ``ratio`` is new / base; ``ci`` its interval, of the level that ``sentence`` states.

    Both are NaN without a single pair.
    """

    base: str
    new: str
    verdict: Verdict
    ratio: float
    ci: tuple[float, float]
    pairs: int
    seconds: float
    comparable: bool = True
    advisory: bool = False
    differences: tuple[str, ...] = ()
    functions: tuple[FunctionChange, ...] = ()
    counts: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sentence: str = ""
