"""Lock files: what those pin that can be read without another tool."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = [
    "applies",
    "holds_requirements",
    "is_foreign_lock",
    "is_python_lock",
    "locked",
    "packages_of",
    "requirement_lines",
    "requirements_of",
    "requirements_only",
]

_TOML = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pylock.*.toml")
_PYTHON = (*_TOML, "Pipfile.lock", "pixi.lock")
_FOREIGN = (
    "bun.lock",
    "cargo.lock",
    "composer.lock",
    "deno.lock",
    "flake.lock",
    "gemfile.lock",
    "mix.lock",
    "podfile.lock",
    "pubspec.lock",
    "yarn.lock",
    ".*",
)
_LOCAL = {"editable", "virtual", "directory"}
_LOCAL_KEYS = {"path", "editable", "directory"}

Pins = list[tuple[str, str]]


def is_foreign_lock(name: str) -> bool:
    """Whether a ``*.lock`` is of another language's packages, or hidden: it says nothing of what Python imports."""
    return any(fnmatch(name.lower(), pattern) for pattern in _FOREIGN)


def is_python_lock(name: str) -> bool:
    """Whether it is a lock of a known tool of Python's; any other ``*.lock`` counts by what it holds."""
    return any(fnmatch(name, pattern) for pattern in _PYTHON)


def holds_requirements(text: str) -> bool:
    """Whether a text is requirements, and at least one with a version or an address: a bare word is none."""
    return any(each.specifier or each.url for each in requirements_only(text) or ())


def locked(name: str, text: str) -> Pins | None:
    """Canonical name and version of each package that a lock pins; None where the lock can't be read.

    TOML of uv, Poetry, PDM and PEP 751, and Pipenv's JSON are; conda's and pixi's YAML is not. A lock of an unknown
    name is tried as lines of requirements, which several tools write.
    """
    if any(fnmatch(name, pattern) for pattern in _TOML):
        return _of_toml(text)
    if name == "Pipfile.lock":
        return _of_pipenv(text)
    listed = requirements_only(text) if name.endswith(".lock") else None
    if listed is None:
        return None
    return [
        (canonicalize_name(each.name), one.version)
        for each in listed
        for one in each.specifier
        if one.operator in ("==", "===")
    ]


def _of_toml(text: str) -> Pins | None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    return [
        (canonicalize_name(str(package["name"])), str(package["version"]))
        for package in packages_of(document)
        if "name" in package and "version" in package and not _is_local(package)
    ]


def packages_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The packages' tables of a TOML lock."""
    listed = (document.get(name) for name in ("package", "packages"))
    return [each for found in listed if isinstance(found, list) for each in found if isinstance(each, dict)]


def _is_local(package: Mapping[str, Any]) -> bool:
    """Whether it comes from the work tree: by PDM's and PEP 751's keys, or uv's and Poetry's ``source``."""
    source = package.get("source")
    if not _LOCAL_KEYS.isdisjoint(package):
        return True
    return isinstance(source, dict) and (
        not _LOCAL.isdisjoint(source) or source.get("type") in ("directory", "file")
    )


def _of_pipenv(text: str) -> Pins | None:
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    groups = (group for key, group in document.items() if key != "_meta" and isinstance(group, dict))
    return [
        (canonicalize_name(name), package["version"].lstrip("="))
        for group in groups
        for name, package in group.items()
        if isinstance(package, dict) and isinstance(package.get("version"), str)
    ]


def requirement_lines(text: str) -> Iterator[str]:
    """Lines without comments and blanks, each that goes on in one."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        stripped = re.sub(r"(^|\s)#.*", "", line).strip()
        if stripped:
            yield stripped


def requirements_of(line: str) -> Requirement | None:
    """The requirement on a line; None for options, paths and addresses alone."""
    try:
        return Requirement(re.split(r"\s--", line)[0].strip())
    except InvalidRequirement:
        return None


def applies(requirement: Requirement) -> bool:
    """Whether its marker is true here, as far as that is known."""
    try:
        return requirement.marker is None or requirement.marker.evaluate()
    except UndefinedEnvironmentName:
        return True


def requirements_only(text: str) -> list[Requirement] | None:
    """The requirements of a text that holds nothing but such and options; None for any other."""
    listed = []
    for line in requirement_lines(text):
        if line.startswith("-"):
            continue
        requirement = requirements_of(line)
        if requirement is None:
            return None
        listed.append(requirement)
    return listed
