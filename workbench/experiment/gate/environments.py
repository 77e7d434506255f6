"""Where the baseline runs: in our own environment where that has what the baseline locks, else in one built for it.

Nothing is downloaded: what neither the package cache nor the given folders hold makes the gate inconclusive.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from workbench.experiment.gate.dependencies import (
    Declared,
    Read,
    declared,
    dependency_files,
    dependency_folders,
    digest,
    direct_of,
    unmet,
    with_included,
)
from workbench.experiment.gate.repository import Repository
from workbench.redaction import redact

__all__ = ["BaselineEnvironment", "NoEnvironment", "find_environment", "run_setup"]

_INSTALL_S = 600.0
_NAMED = 3
_MEND = (
    "put the wheels (`pip wheel -r …`) into a folder that PIP_FIND_LINKS or `wheels` in [tool.workbench.gate] "
    "names, or install them once with uv, whose cache is used"
)
_BESIDE_OTHERS = ("setup.py", "setup.cfg")
"""What these ask for is mostly declared in another file, too."""


class NoEnvironment(Exception):
    """The baseline can't run here; the text says why."""


@dataclass(frozen=True, slots=True)
class BaselineEnvironment:
    """The baseline's interpreter, and in a line which environment that is. ``built``: one of its own."""

    python: Path
    text: str
    built: bool = False


def find_environment(
    repository: Repository, commit: str, *, folder: Path, scratch: Path, wheels: Iterable[Path] = ()
) -> BaselineEnvironment:
    """The environment for the code of ``commit``; ``folder`` is the project's. Raises ``NoEnvironment``.

    ``scratch`` takes an environment that must be built; ``wheels`` are folders of distributions to build it from
    besides the package cache.
    """
    within = folder.relative_to(repository.root).as_posix()

    def read_then(name: str) -> bytes | None:
        return repository.file_at(commit, name)

    def read_now(name: str) -> bytes | None:
        path = repository.root / name
        return path.read_bytes() if path.is_file() else None

    then = with_included(dependency_files(repository.files_at(commit), within), read_then)
    now = with_included(dependency_files(_present(repository.root, within), within), read_now)
    differing = [
        name for name in sorted({*then, *now}) if _digest(name, read_then(name)) != _digest(name, read_now(name))
    ]
    ours = Path(sys.executable)
    if not differing:
        compared = f"the dependency files are the same ({', '.join(now)})" if now else "no dependency file found"
        return BaselineEnvironment(ours, f"this environment: {compared}")
    wanted = declared(then, read_then)
    files = _listed(differing)
    installed = installed_distributions()
    missing = unmet(wanted, installed)
    unknown = [name for name in differing if name in wanted.unreadable]
    own = {canonicalize_name(r.name) for r in (*wanted.core, *wanted.optional)} | {*wanted.pins}
    elsewhere = [
        name
        for name in differing
        # as for pins: what isn't installed isn't imported, unless an environment must be built
        if any(missing or not each or each in installed for each in _moved(name, read_then, read_now, own))
    ]
    if not missing and not unknown and not elsewhere:
        return BaselineEnvironment(
            ours, f"this environment: {files} changed, but what is installed is what the baseline asks for, too"
        )
    if unread := [name for name in unknown if not missing or PurePosixPath(name).name not in _BESIDE_OTHERS]:
        raise NoEnvironment(
            f"the baseline's dependencies are not known: {_listed(unread)} changed, and can't be read; "
            "judge against a revision after that change"
        )
    if elsewhere:
        raise NoEnvironment(
            f"the baseline's dependencies are not known: {_listed(elsewhere)} changed in more than names and "
            "versions (an address, an archive); judge against a revision after that change"
        )
    why = _listed(missing)
    python = _build(scratch, wanted, installed, tuple(wheels), why)
    return BaselineEnvironment(python, f"an environment of its own, built without network: {why}", built=True)


def installed_distributions() -> dict[str, str]:
    """Canonical name → version of what this interpreter can import."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), distribution.version)
    return found


def _moved(name: str, read_then: Read, read_now: Read, own: Collection[str]) -> set[str]:
    """The baseline's packages ("" for one without a name) that a file takes from another address than now."""
    before, after = direct_of(name, read_then(name)), direct_of(name, read_now(name))
    return {each for each, _ in before - after} | {each for each, _ in after - before if not each or each in own}


def _present(root: Path, within: str) -> list[str]:
    """Files of the work tree that may be dependency files: no walk through all of it."""
    folders = [root / each for each in dependency_folders(within)]
    return sorted(
        {p.relative_to(root).as_posix() for f in folders if f.is_dir() for p in f.iterdir() if p.is_file()}
    )


def _digest(name: str, content: bytes | None) -> str:
    return "" if content is None else digest(name, content)


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _build(
    scratch: Path, wanted: Declared, installed: Mapping[str, str], wheels: tuple[Path, ...], why: str
) -> Path:
    """A virtual environment with what the baseline asks for, over ours for what the measuring needs."""
    target = scratch / "environment"
    python = target / "bin" / "python"
    uv = shutil.which("uv")
    chosen = [r for r in wanted.optional if canonicalize_name(r.name) in installed]
    requirements = scratch / "requirements.txt"
    requirements.write_text(
        "".join(f"{requirement}\n" for requirement in (*wanted.core, *chosen)), encoding="utf-8"
    )
    constraints = scratch / "constraints.txt"
    asked = {f"{canonicalize_name(r.name)}{r.specifier}" for r in (*wanted.core, *chosen)}
    pins = [f"{name}=={next(iter(v))}" for name, v in wanted.pins.items() if len(v) == 1]
    # pip calls what is asked for and pinned alike, and can't be had, a conflict
    constraints.write_text("".join(f"{pin}\n" for pin in pins if pin not in asked), encoding="utf-8")
    folders = list(map(str, wheels))
    if uv:  # pip reads its own variable
        folders += _find_links(os.environ.get("PIP_FIND_LINKS", ""))
    links = [argument for folder in folders for argument in ("--find-links", folder)]
    files = ["-r", str(requirements), "-c", str(constraints), *links]
    if uv:
        commands = [
            [uv, "venv", "--offline", "--quiet", "--python", sys.executable, str(target)],
            [uv, "pip", "install", "--offline", "--quiet", "--python", str(python), *files],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", "--without-pip", str(target)],
            [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--quiet", *files],
        ]
    for command in commands:
        problem = _run(command, scratch, _INSTALL_S)
        if problem:
            raise NoEnvironment(
                f"the baseline needs another environment ({why}), and all that it asks for can't be installed "
                f"offline: {problem.removeprefix('ERROR: ')}; {_MEND}"
            )
    _lay_over(python)
    return python


def _find_links(value: str) -> list[str]:
    """The places in a value of ``PIP_FIND_LINKS``, less folders that are missing: an error to uv, none to pip."""
    return [
        each if "://" in each else str(Path(each).expanduser().absolute())
        for each in value.split()
        if "://" in each or Path(each).expanduser().exists()
    ]


def _lay_over(python: Path) -> None:
    """Let the environment import from ours what it lacks: the workbench and what that needs.

    A ``.pth`` file's folders come last on the path, and the ``.pth`` files in them are not read, so that neither
    another version of what the baseline asks for nor the new code's editable install shadows the baseline's.
    """
    site = next(python.parent.parent.glob("lib/python*/site-packages"))
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site / "zz-workbench.pth").write_text("".join(f"{folder}\n" for folder in sorted(ours)), encoding="utf-8")


def run_setup(command: str, checkout: Path, python: Path, timeout_s: float = _INSTALL_S) -> None:
    """Run the project's own command in the baseline's checkout. Raises ``NoEnvironment`` where that fails."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise NoEnvironment(f"the setup command {command!r} can't be read: {error}") from None
    problem = _run(words, checkout, timeout_s, first=python.parent) if words else ""
    if problem:
        raise NoEnvironment(f"setting the baseline up failed: {command}: {problem}")


def _run(command: list[str], folder: Path, timeout_s: float, *, first: Path | None = None) -> str:
    """Run it; "" if it ended well, else what it said last."""
    environment = dict(os.environ)
    if first is not None:
        environment["PATH"] = os.pathsep.join([str(first), environment.get("PATH", "")])
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror or error}"
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except BaseException as error:
        _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            return f"it did not end within {timeout_s:g} s"
        raise
    if not process.returncode:
        return ""
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    lines = [line for line in lines if "for help visit" not in line] or lines
    return redact(lines[-1]) if lines else f"exit status {process.returncode}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the command and whatever it started."""
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.communicate()
