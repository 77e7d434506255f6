"""``pytest --workbench``: tests that are profiled, hold their counts, and are judged against a baseline revision.

    @pytest.mark.workbench(max_regression="5%", counts={"sql": 3})
    def test_listing(profiled, client):
        page = profiled(client.first_page)
        assert len(page) == 50

Without ``--workbench`` marks mean nothing, ``profiled(function, *arguments)`` just calls, and nothing heavy is
imported.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from workbench.testing.asked import Asked
    from workbench.testing.judging import Judge, Judged
    from workbench.testing.recorded import Profiled

__all__ = ["REPEATER"]

REPEATER = pytest.StashKey[Any]()
"""What stands for ``profiled`` where the gate repeats a test (``testing.repeat``)."""

_PLUGIN = "workbench-at-work"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("workbench", "profiles and verdicts (workbench)")
    group.addoption("--workbench", action="store_true", help="Profile marked tests and hold their counts.")
    group.addoption(
        "--workbench-baseline", metavar="REV", help="Judge them against this git revision, measured beside the new."
    )
    group.addoption(
        "--workbench-max-regression",
        metavar="P",
        help="Margin: fails if the interval is wholly above a third of it, passes if below it (default: the "
        "project's, else 3%%).",
    )
    group.addoption(
        "--workbench-max-seconds",
        type=float,
        metavar="S",
        help="Timing of one test (default: the project's, else 20).",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "workbench(max_regression=None, counts={}, max_seconds=None): profiled with --workbench; counts, such as "
        '{"sql": 3}, are the most that may happen',
    )
    if not config.getoption("--workbench"):
        if config.getoption("--workbench-baseline"):
            raise pytest.UsageError("--workbench-baseline needs --workbench")
        return
    config.pluginmanager.register(_Plugin(config), _PLUGIN)


@pytest.fixture
def profiled(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``profiled(function, *arguments, **more)`` calls the function, returns its value, and records the call.

    A coroutine function's call is to be awaited. Judged against a baseline the function is called repeatedly, as
    pytest-benchmark's would be.
    """
    repeater: Callable[..., Any] | None = request.config.stash.get(REPEATER, None)
    plugin: Any = request.config.pluginmanager.get_plugin(_PLUGIN)
    if repeater is not None or plugin is None:
        return repeater or _just_call
    found: Callable[..., Any] = plugin.profiled(request.node)
    return found


def _just_call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class _Plugin:
    """The plugin at work."""

    def __init__(self, config: pytest.Config) -> None:
        from workbench.analysis.verdict import parse_percent
        from workbench.errors import UsageError

        self._config = config
        self._baseline: str = config.getoption("--workbench-baseline") or ""
        self._max_seconds: float | None = config.getoption("--workbench-max-seconds")
        margin: str | None = config.getoption("--workbench-max-regression")
        try:
            self._max_regression = None if margin is None else parse_percent(margin)
        except UsageError as error:
            raise pytest.UsageError(f"--workbench-max-regression: {error}") from error
        if self._max_seconds is not None and not self._max_seconds > 0:
            raise pytest.UsageError("--workbench-max-seconds must be above 0")
        self._check_baseline()
        self._check_store()
        self._gate: Judge | None = None
        self._judged: dict[str, Judged] = {}
        self._profiles: dict[str, Profiled] = {}
        self._lines: list[str] = []

    def _check_baseline(self) -> None:
        """A mistyped revision is told also where no test would be held against it."""
        from workbench.errors import UsageError
        from workbench.experiment.gate.repository import Repository

        if self._baseline:
            try:
                Repository(self._config.rootpath).revision(self._baseline)
            except UsageError as error:
                here = f"pytest's rootdir is {self._config.rootpath}"
                raise pytest.UsageError(f"--workbench-baseline {self._baseline}: {error} ({here})") from error

    def _check_store(self) -> None:
        """A store that can't be used is told before the tests run, not by profiles that are missing afterwards."""
        from workbench.errors import WorkbenchError
        from workbench.store import Store

        try:
            if not (self._config.option.collectonly or hasattr(self._config, "workerinput")):
                Store().prepare()
        except WorkbenchError as error:
            raise pytest.UsageError(f"--workbench: {error}") from error

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        from workbench.errors import UsageError
        from workbench.testing.asked import asked_of

        for item in items:
            try:
                asked_of(item)
            except UsageError as error:
                raise pytest.UsageError(f"{item.nodeid}: {error}") from error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Without xdist all tests are judged before the first is run; the baseline's checkout goes at the end."""
        try:
            if self._baseline and not self._distributed and not session.config.option.collectonly:
                self._judge(session.items)
                self._close_gate()
            return (yield)
        finally:
            self._close_gate()

    def _close_gate(self) -> None:
        if self._gate is not None:
            gate, self._gate = self._gate, None
            gate.close()

    @property
    def _distributed(self) -> bool:
        """Whether other tests run at the same time: no clock can be trusted then."""
        return hasattr(self._config, "workerinput") or bool(getattr(self._config.option, "dist", "no") != "no")

    def _judge(self, items: list[pytest.Item]) -> None:
        from workbench.errors import WorkbenchError
        from workbench.testing.asked import asked_of, is_skipped, measured_by
        from workbench.testing.judging import Judge

        chosen = [(item, asked_of(item)) for item in items if isinstance(item, pytest.Function)]
        chosen = [(i, a) for i, a in chosen if (a.marked or measured_by(i)) and not is_skipped(i)]
        if not chosen:
            return
        try:
            if self._gate is None:
                self._gate = Judge(
                    self._baseline,
                    folder=self._config.rootpath,
                    max_regression=self._max_regression,
                    max_seconds=self._max_seconds,
                    timing=not self._distributed,
                    say=self._say,
                )
            self._judged |= self._gate(chosen)
        except WorkbenchError as error:
            raise pytest.UsageError(f"--workbench-baseline {self._baseline}: {error}") from error

    def _say(self, doing: str) -> None:
        """Progress, where a person looks on: one line that is written over."""
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and reporter.isatty:
            reporter.rewrite(f"workbench: {doing[:90]}", erase=True)

    def profiled(self, item: pytest.Item) -> Profiled:
        """The test's own profile."""
        from workbench.testing.recorded import Profiled

        return self._profiles.setdefault(item.nodeid, Profiled(item.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        from workbench.testing.asked import asked_of, measured_by

        asked, fixture = asked_of(item), measured_by(item)
        if not isinstance(item, pytest.Function) or not (asked.marked or fixture):
            return (yield)
        if self._baseline and self._distributed and item.nodeid not in self._judged:
            try:
                self._judge([item])
            except pytest.UsageError as error:
                pytest.fail(str(error), pytrace=False)
        profile = self.profiled(item)
        try:
            with self._measuring(item, profile, fixture):
                result = yield
        finally:
            profile.finish()
            self._tell(item, profile)
        self._hold(item, asked, profile)
        return result

    @contextmanager
    def _measuring(self, item: pytest.Function, profile: Profiled, fixture: str) -> Iterator[None]:
        """Record what the test names as measured, or else all of it."""
        from workbench.testing.wrapped import benchmark_profiled, test_profiled

        if fixture == "profiled":
            yield
        elif fixture == "benchmark":
            # By its name: it may be the argument of a fixture, not the test's own.
            with benchmark_profiled(item._request.getfixturevalue("benchmark"), profile):
                yield
        else:
            with test_profiled(item, profile):
                yield

    def _hold(self, item: pytest.Item, asked: Asked, profile: Profiled) -> None:
        """Fail the test where it issued more than it may, or is slower than the baseline."""
        from workbench.testing.recorded import count_failures, unwatched

        if profile.recording is not None:
            lines = count_failures(profile.recording, asked)
            for line in unwatched(profile.recording, asked):
                item.warn(pytest.PytestWarning(line))
        else:
            lines = ["counts are declared, but profiled(…) was never called"] if asked.counts else []
        if lines and profile.run_id:
            lines.append(f"flame graph: workbench report {profile.run_id} -o report.html")
        judged = self._judged.get(item.nodeid)
        if judged is not None and judged.failed:
            lines.append(judged.message)
        if lines:
            pytest.fail("\n".join(lines), pytrace=False)

    def _tell(self, item: pytest.Item, profile: Profiled) -> None:
        """A line that travels with the report: with xdist to the process that prints, and into JUnit XML."""
        judged = self._judged.get(item.nodeid)
        line = judged.line if judged is not None else f"profiled as {profile.run_id}" if profile.run_id else ""
        missing = f"its profile was not stored: {profile.unsaved}" if profile.unsaved else ""
        if told := "; ".join(filter(None, (line, missing))):
            item.user_properties.append(("workbench", told))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "workbench":
                self._lines.append(f"{report.nodeid}: {value}")

    def pytest_terminal_summary(self, terminalreporter: Any, exitstatus: int) -> None:
        if self._config.option.collectonly or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        if exitstatus == pytest.ExitCode.INTERRUPTED and not self._lines:
            return
        terminalreporter.section("workbench")
        if not self._lines:
            terminalreporter.line("no test that ran is marked with @pytest.mark.workbench or uses `profiled`")
            return
        if self._baseline and self._distributed:
            terminalreporter.line("tests run beside each other: counts are judged, times are not")
        for line in self._lines:
            terminalreporter.line(line)
        if self._judged:
            from workbench.testing.judging import time_line

            terminalreporter.line(time_line(self._judged.values()))
        terminalreporter.line("a flame graph: workbench report RUN -o report.html; all runs: workbench runs")
