"""What a revision depends on, read from its files and compared with the work tree's and with what is installed."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from workbench.experiment.gate.direct import (
    Direct,
    direct_lines,
    direct_packages,
    direct_requirements,
    direct_sources,
)
from workbench.experiment.gate.locks import (
    applies,
    holds_requirements,
    is_foreign_lock,
    is_python_lock,
    locked,
    requirement_lines,
    requirements_of,
)

__all__ = [
    "Declared",
    "Read",
    "declared",
    "dependency_files",
    "dependency_folders",
    "digest",
    "direct_of",
    "unmet",
    "with_included",
]

_FILES = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "pylock.toml",
    "pylock.*.toml",
    "Pipfile",
    "pixi.toml",
    "conda-lock.yml",
    "*.conda-lock.yml",
    "environment*.yml",
    "environment*.yaml",
)
_LINES = tuple(
    f"{kind}.{suffix}" for kind in ("*requirements*", "constraints*") for suffix in ("txt", "in", "lock")
)
_INCLUDES = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
_ALWAYS = ("requirements.txt", "requirements.lock")
_PROJECT = ("dependencies", "optional-dependencies", "requires-python")
_POETRY = ("dependencies", "dev-dependencies", "group", "extras")

Read = Callable[[str], bytes | None]


def dependency_folders(folder: str = "") -> list[str]:
    """Where dependency files are looked for: ``folder``, those above it, and their ``requirements/``."""
    inner = PurePosixPath(folder.strip("/"))
    return [
        "" if path == PurePosixPath() else path.as_posix()
        for each in (inner, *inner.parents)
        for path in dict.fromkeys((each, each / "requirements"))
    ]


def dependency_files(files: Iterable[str], folder: str = "") -> list[str]:
    """Those of a tree's files that say what is installed, in ``dependency_folders``."""
    here = dependency_folders(folder)
    found = []
    for name in files:
        path = PurePosixPath(name)
        parent = "" if str(path.parent) == "." else path.parent.as_posix()
        if parent in here and (_has_lines(path) or _is_known(path.name)):
            found.append(name)
    return sorted(found)


def with_included(names: Iterable[str], read: Read) -> list[str]:
    """These files and those that their lines include by ``-r`` and ``-c``, wherever in the tree they are.

    Less the locks of tools that are not known and whose text is no requirements: those are not Python's.
    """
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        content = None if name in found or name.startswith("../") else read(name)
        if content is None or _is_other_lock(PurePosixPath(name), content):
            continue
        found.add(name)
        if _holds_lines(PurePosixPath(name)):
            asked = map(_INCLUDES.match, requirement_lines(content.decode("utf-8", "replace")))
            folder = PurePosixPath(name).parent.as_posix()
            waiting += [normpath(f"{folder}/{match[1]}") for match in asked if match]
    return sorted(found)


def _holds_lines(path: PurePosixPath) -> bool:
    """The same of a file that is known to say what is installed."""
    return path.suffix in (".txt", ".in") or _has_lines(path)


def _is_other_lock(path: PurePosixPath, content: bytes) -> bool:
    if path.suffix != ".lock" or is_python_lock(path.name) or _has_lines(path):
        return False
    return not holds_requirements(content.decode("utf-8", "replace"))


def _is_known(base: str) -> bool:
    if base.endswith(".lock"):
        return not is_foreign_lock(base)
    return any(fnmatch(base, pattern) for pattern in _FILES)


def _has_lines(path: PurePosixPath) -> bool:
    """Whether it is a file of requirements, one a line."""
    if path.parent.name == "requirements" and path.suffix in (".txt", ".in"):
        return True
    return any(fnmatch(path.name, pattern) for pattern in _LINES)


def digest(name: str, content: bytes) -> str:
    """What of a file matters to an environment, as text: equal texts, equal dependencies."""
    text = content.decode("utf-8", "replace")
    match PurePosixPath(name).name:
        case "pyproject.toml":
            return json.dumps(_of_pyproject(text), sort_keys=True)
        case "setup.cfg":
            return json.dumps(_of_setup_cfg(text), sort_keys=True)
        case _ if _holds_lines(PurePosixPath(name)):
            return "\n".join(requirement_lines(text))
        case base if base.endswith(".lock") and locked(base, text) == [] and not direct_of(name, content):
            return ""  # as if there were none: a program's own lock
    return text


def direct_of(name: str, content: bytes | None) -> set[Direct]:
    """What a file takes from addresses and archives here: name and text; none of a file that can't be read."""
    text, path = (content or b"").decode("utf-8", "replace"), PurePosixPath(name)
    if path.name == "pyproject.toml":
        always, sometimes = _pyproject_requirements(text)
        return {*direct_requirements((*always, *sometimes)), *direct_sources(_uv_sources(text))}
    if _holds_lines(path) or (path.suffix == ".lock" and not is_python_lock(path.name)):
        return {*direct_lines(text)}
    return {*direct_packages(path.name, text)} if is_python_lock(path.name) else set()


def _uv_sources(text: str) -> dict[str, Any]:
    try:
        return _table(_table(_table(tomllib.loads(text), "tool"), "uv"), "sources")
    except tomllib.TOMLDecodeError:
        return {}


def _of_pyproject(text: str) -> Any:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return text
    project, tool = _table(document, "project"), _table(document, "tool")
    poetry, uv = _table(tool, "poetry"), _table(tool, "uv")
    return [
        {key: project[key] for key in _PROJECT if key in project},
        document.get("dependency-groups", {}),
        document.get("build-system", {}),
        {key: value for key, value in poetry.items() if key in _POETRY},
        {key: value for key, value in uv.items() if key != "workspace"},
        _table(tool, "pdm").get("dev-dependencies", {}),
    ]


def _table(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The table of that name; an empty one where something else stands there, which is for its owner to tell."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _of_setup_cfg(text: str) -> Any:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return text
    wanted = ("install_requires", "setup_requires", "tests_require", "python_requires", "extras_require")
    options = {k: v for k, v in parser.items("options") if k in wanted} if parser.has_section("options") else {}
    extras = dict(parser.items("options.extras_require")) if parser.has_section("options.extras_require") else {}
    return [options, extras]


@dataclass(frozen=True, slots=True)
class Declared:
    """``core`` is always installed, ``optional`` (extras, groups) where its package is wanted; ``pins`` by name."""

    core: tuple[Requirement, ...] = ()
    optional: tuple[Requirement, ...] = ()
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def declared(files: Iterable[str], read: Read) -> Declared:
    """What the dependency files among ``files`` declare, as far as they can be read without running anything.

    ``unreadable`` names those that can't (``setup.py``, conda's, a tool's own table that no lock pins): what they
    ask for is unknown.
    """
    core: list[Requirement] = []
    optional: list[Requirement] = []
    pins: dict[str, set[str]] = {}
    unreadable: list[str] = []
    names = list(files)
    for name in names:
        path, text = PurePosixPath(name), (read(name) or b"").decode("utf-8", "replace")
        locks = {PurePosixPath(other).name for other in names if PurePosixPath(other).parent == path.parent}
        if path.name == "pyproject.toml":
            always, sometimes = _pyproject_requirements(text)
            core += always
            optional += sometimes
            if _has_poetry(text) and "poetry.lock" not in locks:
                unreadable.append(name)
        elif _holds_lines(path):
            (core if path.name in _ALWAYS else optional).extend(_requirements(requirement_lines(text)))
        elif (found := locked(path.name, text)) is not None:
            for package, version in found:
                pins.setdefault(package, set()).add(version)
        elif not _says_nothing(path.name, text, locks):
            unreadable.append(name)
    for requirement in filter(applies, (*core, *optional)):
        for one in requirement.specifier:
            if one.operator in ("==", "===") and "*" not in one.version:
                pins.setdefault(canonicalize_name(requirement.name), set()).add(one.version)
    return Declared(
        tuple(core), tuple(optional), {name: frozenset(found) for name, found in pins.items()}, tuple(unreadable)
    )


def _says_nothing(base: str, text: str, beside: Collection[str]) -> bool:
    """Whether a file that can't be read declares nothing, or nothing that the lock beside it doesn't pin."""
    if base == "setup.cfg":
        return bool(_of_setup_cfg(text) == [{}, {}])
    return base == "Pipfile" and "Pipfile.lock" in beside


def _has_poetry(text: str) -> bool:
    """Whether Poetry's own table names packages, whose versions it writes in its own way."""
    try:
        poetry: dict[str, Any] = _table(_table(tomllib.loads(text), "tool"), "poetry")
    except tomllib.TOMLDecodeError:
        return False
    named = {*_table(poetry, "dependencies")} - {"python"}
    return bool(named or any(poetry.get(key) for key in _POETRY[1:3]))


def _pyproject_requirements(text: str) -> tuple[list[Requirement], list[Requirement]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return [], []
    project = _table(document, "project")
    optional = (*_table(project, "optional-dependencies").values(), *_table(document, "dependency-groups").values())
    sometimes = [line for lines in optional for line in _texts(lines)]
    return list(_requirements(_texts(project.get("dependencies")))), list(_requirements(sometimes))


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    """Those lines that are requirements; options, paths and URLs alone are not."""
    return (found for line in lines if (found := requirements_of(line)) is not None)


def unmet(wanted: Declared, installed: Mapping[str, str]) -> list[str]:
    """What is declared and not met by the installed distributions (canonical name → version): a line a package."""
    found: dict[str, str] = {}
    for requirement in (*wanted.core, *wanted.optional):
        name = canonicalize_name(requirement.name)
        version = installed.get(name)
        if not applies(requirement) or (version is None and requirement not in wanted.core):
            continue
        if version is None:
            found[name] = f"{name} is not installed"
        elif not _allows(requirement, version):
            found.setdefault(name, f"{name}{requirement.specifier} against {version}")
    for pinned, versions in wanted.pins.items():
        if pinned in installed and not any(_is_version(each, installed[pinned]) for each in versions):
            found[pinned] = f"{pinned} {' or '.join(sorted(versions))} against {installed[pinned]}"
    return list(found.values())


def _is_version(pinned: str, version: str) -> bool:
    """Whether both mean the same: ``1.0`` is ``1.0.0``, and a pin without local part is any local build of it."""
    try:
        return SpecifierSet(f"=={pinned}").contains(version, prereleases=True)
    except InvalidSpecifier:
        return pinned == version


def _allows(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True
