"""What differs between two runs: what makes them incomparable, and what is merely noted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workbench.analysis.names import commit_of
from workbench.calltree import CallTree
from workbench.capture.power import LOAD_AVERAGE
from workbench.model import Environment, Frame, Run, Sampler, Scalar, Session, Status
from workbench.paths import is_user_code

__all__ = ["Difference", "differences", "fatal", "python_feature_release", "unrelated_programs"]

_FATAL_PARAMETERS = (
    "dataset_digest",
    "seed",
    "scale",
    "resources",
    "link",
    "concurrency_limit",
    "latency_scale",
    "faults",
    "retry_after_s",
    "token_lifetime_s",
    "server",
    "clock",
)
_NOTED_PARAMETERS = ("isolate", "collector")
_PACKAGES_NAMED = 3
_FINAL = re.compile(r"(\d+\.\d+)(?:\.\d+)?\+?")
_LOAD = 0.25
"""Of the cores, and of the larger: load averages that differ by less say nothing.

They are noted and never fatal: no two moments are alike.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line for a person, ``cores: 2 against 8``. Fatal: the comparison can't mean anything."""

    text: str
    fatal: bool

    def __str__(self) -> str:
        return self.text


def differences(base: Run, new: Run, base_session: Session, new_session: Session) -> list[Difference]:
    """What differs between the conditions of two runs, the fatal first; nothing for a run and itself.

    What either side doesn't know (an imported profile has no environment) is no difference, but the power mode,
    which machines often don't tell: that it is unknown stands among the differences of two sittings.
    """
    here, there = {**base_session.parameters, **base.parameters}, {**new_session.parameters, **new.parameters}
    found = [
        *_fatal("scenario", base.scenario, new.scenario),
        *_samplers(base.sampler, new.sampler),
        *_parameters(here, there),
        *_environments(base_session.environment, new_session.environment),
        *_noted("commit", _commit(base, base_session), _commit(new, new_session)),
        *(_names(base, new) if base_session.session_id != new_session.session_id else ()),
        *(_moments(base_session, new_session) if base_session.session_id != new_session.session_id else ()),
        *_endings(base, new),
    ]
    return sorted(found, key=lambda difference: not difference.fatal)


def fatal(found: list[Difference]) -> list[Difference]:
    """Those that make the runs incomparable."""
    return [difference for difference in found if difference.fatal]


def unrelated_programs(base: CallTree, new: CallTree) -> list[str]:
    """A line where both have stacks in code of their own, but neither a file nor a function's name in common."""
    own = [[frame for frame in tree.frames if is_user_code(frame.file)] for tree in (base, new)]
    files, names = ([{pick(f) for f in frames} for frames in own] for pick in (_file, _own_name))
    if not all(own) or files[0] & files[1] or (names[0] & names[1]) - {""}:
        return []
    examples = " against ".join(sorted(found)[0] for found in files)
    return [f"programs: no file and no function of their own is in both ({examples}); is this the same work?"]


def _file(frame: Frame) -> str:
    return frame.file


def _own_name(frame: Frame) -> str:
    """Its last part; "" for names that any program may have."""
    name = frame.function.rpartition(".")[2]
    return "" if name.startswith("<") or name == "main" else name


def _compare(what: str, base: Scalar, new: Scalar, *, is_fatal: bool) -> Iterator[Difference]:
    unknown = (None, "", 0)
    if base != new and base not in unknown and new not in unknown:
        yield Difference(f"{what}: {base} against {new}", is_fatal)


def _fatal(what: str, base: Scalar, new: Scalar) -> Iterator[Difference]:
    yield from _compare(what, base, new, is_fatal=True)


def _noted(what: str, base: Scalar, new: Scalar) -> Iterator[Difference]:
    yield from _compare(what, base, new, is_fatal=False)


def _samplers(base: Sampler, new: Sampler) -> Iterator[Difference]:
    yield from _fatal("sampler", base.name, new.name)
    if base.name == new.name != "none":
        yield from _fatal("sampling interval", _milliseconds(base), _milliseconds(new))
        yield from _fatal("sampler's clock", base.clock, new.clock)
        yield from _fatal("sampler's mode", base.mode or "default", new.mode or "default")
        yield from _noted("sampler's version", base.version, new.version)


def _milliseconds(sampler: Sampler) -> str:
    return f"{sampler.interval_ns / 1e6:g} ms" if sampler.interval_ns else ""


def _parameters(base: Mapping[str, Scalar], new: Mapping[str, Scalar]) -> Iterator[Difference]:
    for name in _FATAL_PARAMETERS:
        if name in base and name in new and base[name] != new[name]:  # a limit of None is a setting, not unknown
            yield Difference(f"{name.replace('_', ' ')}: {_short(base[name])} against {_short(new[name])}", True)

    for name in _NOTED_PARAMETERS:
        if name in base and name in new and base[name] != new[name]:
            yield Difference(f"{name}: {base[name]} against {new[name]}", False)


def _names(base: Run, new: Run) -> Iterator[Difference]:
    """Runs of two sittings that are called differently: of another target, file, test or block."""
    if not (base.scenario or new.scenario) and base.name and new.name:
        yield from _noted("name", base.name, new.name)


def _moments(base: Session, new: Session) -> Iterator[Difference]:
    """How the machine was when each sitting began."""
    before, after = base.parameters.get(LOAD_AVERAGE), new.parameters.get(LOAD_AVERAGE)
    if isinstance(before, int | float) and isinstance(after, int | float):
        cores = min(base.environment.cores or 1, new.environment.cores or 1)
        if abs(before - after) >= max(_LOAD * cores, _LOAD * max(before, after), 0.5):
            yield Difference(f"load average at the start: {before:g} against {after:g} on {cores} cores", False)


def _short(value: Scalar) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 40 else text


def _environments(base: Environment, new: Environment) -> Iterator[Difference]:
    other_release = python_feature_release(base) != python_feature_release(new)
    yield from _compare("Python", _python(base), _python(new), is_fatal=other_release)
    yield from _fatal("machine", base.machine[:12], new.machine[:12])
    yield from _fatal("cores", base.cores, new.cores)
    yield from _noted("CPU", base.cpu, new.cpu)
    yield from _noted("operating system", base.os, new.os)
    yield from _noted("power", base.power, new.power)
    yield from _noted("workbench", base.workbench, new.workbench)
    yield from _packages(base.packages, new.packages)


def _python(environment: Environment) -> str:
    return f"{environment.implementation} {environment.python}".strip() if environment.python else ""


def python_feature_release(environment: Environment) -> str:
    """``CPython 3.11`` of 3.11.7: releases within it mend and don't speed up. A pre-release stands alone."""
    version = environment.python
    if match := _FINAL.fullmatch(version):
        version = match[1]
    return f"{environment.implementation} {version}".strip() if version else ""


def _commit(run: Run, session: Session) -> str:
    commit, changed = commit_of(run, session)
    return f"{commit[:12]}{' with changes' if changed else ''}" if commit else ""


def _packages(base: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    if not base or not new:
        return
    changed = [name for name in sorted({*base, *new}) if base.get(name) != new.get(name)]
    named = [f"{name} {base.get(name, 'absent')} against {new.get(name, 'absent')}" for name in changed]
    if named:
        more = len(named) - _PACKAGES_NAMED
        text = ", ".join(named[:_PACKAGES_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield Difference(f"packages: {text}", False)


def _endings(base: Run, new: Run) -> Iterator[Difference]:
    for which, run in (("base", base), ("new", new)):
        if run.status is not Status.OK:
            yield Difference(f"{which} was {run.status}", False)
