"""What a revision depends on, read from its files and compared with the work tree's and with what is installed."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

__all__ = ["Declared", "declared", "dependency_files", "digest", "unmet"]

_FILES = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "pylock.*.toml",
    "Pipfile",
    "Pipfile.lock",
    "conda-lock.yml",
    "environment*.yml",
    "environment*.yaml",
    "requirements*.txt",
    "requirements*.in",
    "constraints*.txt",
)
_PROJECT = ("dependencies", "optional-dependencies", "requires-python")
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")

Read = Callable[[str], bytes | None]


def dependency_files(files: Iterable[str], folder: str = "") -> list[str]:
    """Those of a tree's files that say what is installed: at the root, in ``folder`` and in ``requirements/``."""
    here = {"", folder.strip("/"), "requirements", f"{folder.strip('/')}/requirements".lstrip("/")}
    found = []
    for name in files:
        path = PurePosixPath(name)
        parent = "" if str(path.parent) == "." else str(path.parent)
        inside = parent.rpartition("/")[2] == "requirements" and path.suffix in (".txt", ".in")
        if parent in here and (inside or any(fnmatch(path.name, pattern) for pattern in _FILES)):
            found.append(name)
    return sorted(found)


def digest(name: str, content: bytes) -> str:
    """What of a file matters to an environment, as text: equal texts, equal dependencies."""
    text = content.decode("utf-8", "replace")
    match PurePosixPath(name).name:
        case "pyproject.toml":
            return json.dumps(_of_pyproject(text), sort_keys=True)
        case "setup.cfg":
            return json.dumps(_of_setup_cfg(text), sort_keys=True)
        case base if base.endswith((".txt", ".in")):
            return "\n".join(_lines(text))
    return text


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
        {
            key: value
            for key, value in poetry.items()
            if key in ("dependencies", "dev-dependencies", "group", "extras")
        },
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


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        stripped = re.sub(r"(^|\s)#.*", "", line).strip()
        if stripped:
            yield stripped


@dataclass(frozen=True, slots=True)
class Declared:
    """``core`` is always installed, ``optional`` (extras, groups) where its package is wanted; ``pins`` by name."""

    core: tuple[Requirement, ...] = ()
    optional: tuple[Requirement, ...] = ()
    pins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()


def declared(files: Iterable[str], read: Read) -> Declared:
    """What the dependency files among ``files`` declare, as far as they can be read without running anything.

    ``unreadable`` names those that can't (``setup.py``, conda's): what they ask for is unknown.
    """
    core: list[Requirement] = []
    optional: list[Requirement] = []
    pins: dict[str, set[str]] = {}
    unreadable: list[str] = []
    for name in files:
        base, text = PurePosixPath(name).name, (read(name) or b"").decode("utf-8", "replace")
        if base == "pyproject.toml":
            always, sometimes = _pyproject_requirements(text)
            core += always
            optional += sometimes
        elif base in _LOCKS:
            for package, version in _locked(text):
                pins.setdefault(package, set()).add(version)
        elif base.endswith((".txt", ".in")):
            (core if base == "requirements.txt" else optional).extend(_requirements(_lines(text)))
        elif base not in ("setup.cfg",) or _of_setup_cfg(text) != [{}, {}]:
            unreadable.append(name)
    for requirement in (*core, *optional):
        for one in requirement.specifier:
            if one.operator in ("==", "===") and "*" not in one.version:
                pins.setdefault(canonicalize_name(requirement.name), set()).add(one.version)
    return Declared(
        tuple(core), tuple(optional), {name: frozenset(found) for name, found in pins.items()}, tuple(unreadable)
    )


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
    for line in lines:
        try:
            yield Requirement(re.split(r"\s--", line)[0].strip())
        except InvalidRequirement:
            continue


def _locked(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    listed = (document.get(name) for name in ("package", "packages"))
    for package in (each for found in listed if isinstance(found, list) for each in found):
        if not isinstance(package, dict):
            continue
        source = package.get("source", {})
        local = isinstance(source, dict) and not {"editable", "virtual", "directory"}.isdisjoint(source)
        if "name" in package and "version" in package and not local:
            yield canonicalize_name(package["name"]), str(package["version"])


def unmet(wanted: Declared, installed: Mapping[str, str]) -> list[str]:
    """What is declared and not met by the installed distributions (canonical name → version), in words."""
    found = []
    for requirement in (*wanted.core, *wanted.optional):
        name = canonicalize_name(requirement.name)
        version = installed.get(name)
        if not _applies(requirement) or (version is None and requirement not in wanted.core):
            continue
        if version is None:
            found.append(f"{name} is not installed")
        elif not _allows(requirement, version):
            found.append(f"{name}{requirement.specifier} against {version}")
    for pinned, versions in wanted.pins.items():
        if pinned in installed and installed[pinned] not in versions:
            found.append(f"{pinned} {' or '.join(sorted(versions))} against {installed[pinned]}")
    return list(dict.fromkeys(found))


def _applies(requirement: Requirement) -> bool:
    try:
        return requirement.marker is None or requirement.marker.evaluate()
    except UndefinedEnvironmentName:
        return True


def _allows(requirement: Requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except InvalidVersion:
        return True
