"""What dependency files take from an address or an archive: the installed version doesn't tell it.

Each is a pair of the package's canonical name ("" where none is told) and the text that says where it comes from.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbench.experiment.gate.locks import applies, packages_of, requirement_lines, requirements_of

__all__ = ["Direct", "direct_lines", "direct_packages", "direct_requirements", "direct_sources"]

_EDITABLE = re.compile(r"(?:-e\s*|--editable[\s=]\s*)")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_ADDRESSES = ("git", "hg", "svn", "bzr", "url", "vcs", "archive")
_POETRY = ("git", "url", "file")

Direct = tuple[str, str]


def direct_lines(text: str) -> Iterator[Direct]:
    """Of a file of requirements: lines that are no option, no name with versions and no folder."""
    for line in requirement_lines(text):
        said = _EDITABLE.sub("", line, count=1) if _EDITABLE.match(line) else line
        if said.startswith("-"):
            continue
        requirement = requirements_of(said)
        if requirement is not None:
            yield from direct_requirements([requirement])
        elif not _is_folder(said):
            egg = _EGG.search(said)
            yield (canonicalize_name(egg[1]) if egg else "", line)


def direct_requirements(requirements: Iterable[Requirement]) -> Iterator[Direct]:
    """Of requirements: those with an address, as far as they apply here."""
    for requirement in requirements:
        if requirement.url is not None and applies(requirement) and not _is_folder(requirement.url):
            yield canonicalize_name(requirement.name), str(requirement)


def direct_sources(sources: Mapping[str, Any]) -> Iterator[Direct]:
    """Of ``[tool.uv.sources]``: those that are no index, folder or member of the workspace."""
    for name, source in sources.items():
        for each in source if isinstance(source, list) else [source]:
            if isinstance(each, dict) and (_has_address(each) or _is_archive(each.get("path"))):
                yield canonicalize_name(name), _text(each)


def direct_packages(name: str, text: str) -> Iterator[Direct]:
    """Of a lock that ``locked`` reads: packages from a repository, an address or an archive."""
    try:
        document = json.loads(text) if name == "Pipfile.lock" else tomllib.loads(text)
    except ValueError:
        return
    if name != "Pipfile.lock":
        for package in packages_of(document):
            if "name" in package and _is_direct(package):
                yield canonicalize_name(str(package["name"])), _text(package)
        return
    groups = document.values() if isinstance(document, dict) else ()
    for group in groups:
        for named, package in group.items() if isinstance(group, dict) else ():
            if isinstance(package, dict) and (_has_address(package) or _is_archive(package.get("file"))):
                yield canonicalize_name(named), _text(package)


def _is_direct(package: Mapping[str, Any]) -> bool:
    """By Poetry's ``source`` (whose type tells an index, too), uv's, or PDM's and PEP 751's keys."""
    source = package.get("source")
    if isinstance(source, dict):
        return source["type"] in _POETRY if "type" in source else _has_address(source)
    return _has_address(package) or _is_archive(package.get("path"))


def _has_address(table: Mapping[str, Any]) -> bool:
    return any(key in table for key in _ADDRESSES)


def _is_archive(path: object) -> bool:
    return isinstance(path, str) and path.split("#")[0].split(";")[0].strip().endswith(_ARCHIVES)


def _is_folder(said: str) -> bool:
    """Whether it is a local folder, whose code is the revision's own."""
    local = said.startswith("file:") or ("://" not in said and re.match(r"\.|~|/|[\w.-]+[/\\]", said) is not None)
    return local and not _is_archive(re.split(r"\s--|\s;", said)[0])


def _text(table: Mapping[str, Any]) -> str:
    return json.dumps(table, sort_keys=True, default=str)
