"""Every exception the workbench raises on purpose, on one page, with its exit code.

An exception owns its text: one line that says what went wrong, where, and how to mend it. The command line prints
that line and exits with ``exit_code``; no traceback of these reaches a user. Exit codes 0, 1, 3 and 4 belong to
``workbench compare`` (PASS or IMPROVEMENT, REGRESSION, INCONCLUSIVE or advisory, refused); 2 is a usage error.

========================  ====  ==========================================================
exception                 exit  meaning
========================  ====  ==========================================================
WorkbenchError              10  anything below that has no code of its own
UsageError                   2  unknown scenario, variant, scale, link or bad option
NotComparable                4  runs that differ in what makes them incomparable
RunNotFound                  5  no such run or session, or an ambiguous prefix
StoreError                  20  the store can't be used
StoreLocked                 21  another process holds the file past the retry
StoreForeign                22  the file is no DuckDB file, or not a workbench store
StoreUnwritable             23  no permission to write the file or its folder
StoreFull                   24  the disk is full
StoreTooNew                 25  written by a newer workbench
QueryRefused                26  bad SQL, or SQL that would write
ServiceError                30  a service the scenario talks to failed
ServiceUnreachable          31  connection refused, reset or no such host
ServiceTLS                  32  the certificate or handshake is bad
ServiceUnauthorized         33  401 or 403, wrong credentials
ServiceThrottled            34  429 for longer than the retry budget
ServiceBadResponse          35  truncated JSON, HTML where JSON belongs, wrong shape
ServiceTimeout              36  no answer in time
ServiceStartFailed          37  a local service did not come up
CaptureError                40  the profile can't be recorded
SamplerUnavailable          41  the sampler isn't installed or not for this platform
SamplerPermission           42  the system forbids looking into that process
ProcessNotFound             43  no such process, or not a Python process
ProfilerActive              44  a profiler already runs in this thread
DatasetError                50  the dataset can't be built or read
OutputError                 60  a report or export can't be written
ScenarioError               70  a scenario failed as a whole
ResultsDiffer               71  variants that must agree returned different results
MissingExtra                80  an optional dependency isn't installed
========================  ====  ==========================================================
"""

from __future__ import annotations

__all__ = [
    "INTERRUPTED",
    "CaptureError",
    "DatasetError",
    "MissingExtra",
    "NotComparable",
    "OutputError",
    "ProcessNotFound",
    "ProfilerActive",
    "QueryRefused",
    "ResultsDiffer",
    "RunNotFound",
    "SamplerPermission",
    "SamplerUnavailable",
    "ScenarioError",
    "ServiceBadResponse",
    "ServiceError",
    "ServiceStartFailed",
    "ServiceTLS",
    "ServiceThrottled",
    "ServiceTimeout",
    "ServiceUnauthorized",
    "ServiceUnreachable",
    "StoreError",
    "StoreForeign",
    "StoreFull",
    "StoreLocked",
    "StoreTooNew",
    "StoreUnwritable",
    "UsageError",
    "WorkbenchError",
]

INTERRUPTED = 130
"""Exit code after Ctrl-C, by the shell's convention 128 + SIGINT."""


class WorkbenchError(Exception):
    """Base of all: ``str(error)`` is the one line a user reads."""

    exit_code = 10


class UsageError(WorkbenchError):
    exit_code = 2


class NotComparable(WorkbenchError):
    exit_code = 4


class RunNotFound(WorkbenchError):
    exit_code = 5


class StoreError(WorkbenchError):
    exit_code = 20


class StoreLocked(StoreError):
    exit_code = 21


class StoreForeign(StoreError):
    exit_code = 22


class StoreUnwritable(StoreError):
    exit_code = 23


class StoreFull(StoreError):
    exit_code = 24


class StoreTooNew(StoreError):
    exit_code = 25


class QueryRefused(StoreError):
    exit_code = 26


class ServiceError(WorkbenchError):
    exit_code = 30


class ServiceUnreachable(ServiceError):
    exit_code = 31


class ServiceTLS(ServiceError):
    exit_code = 32


class ServiceUnauthorized(ServiceError):
    exit_code = 33


class ServiceThrottled(ServiceError):
    exit_code = 34


class ServiceBadResponse(ServiceError):
    exit_code = 35


class ServiceTimeout(ServiceError):
    exit_code = 36


class ServiceStartFailed(ServiceError):
    exit_code = 37


class CaptureError(WorkbenchError):
    exit_code = 40


class SamplerUnavailable(CaptureError):
    exit_code = 41


class SamplerPermission(CaptureError):
    exit_code = 42


class ProcessNotFound(CaptureError):
    exit_code = 43


class ProfilerActive(CaptureError):
    exit_code = 44


class DatasetError(WorkbenchError):
    exit_code = 50


class OutputError(WorkbenchError):
    exit_code = 60


class ScenarioError(WorkbenchError):
    exit_code = 70


class ResultsDiffer(ScenarioError):
    exit_code = 71


class MissingExtra(WorkbenchError):
    """An optional dependency is missing; the text names the extra that brings it."""

    exit_code = 80

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed: pip install 'workbench[{extra}]'")
