"""Checkout-independent file names, so that the same function has the same name on every machine.

======================  ====================================================================
name                    stands for
======================  ====================================================================
``workbench/…``         the workbench's own package, wherever it is installed
``<stdlib>/…``          the standard library
``<site>/…``            an installed distribution (site-packages, dist-packages)
``<cell>``              a notebook cell, whatever its number or temporary file
``<built-in>`` and co.  no file: ``<frozen importlib._bootstrap>``, ``<string>``, ``<stdin>``
``src/app.py``          relative to the nearest folder above the file with .git or pyproject.toml
``~/…`` or absolute     anything else: relative to the working folder, else to the home folder
======================  ====================================================================
"""

from __future__ import annotations

import os.path
import re
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path

__all__ = ["home_folder", "is_user_code", "locate", "normalise", "shorten_text", "working_folder"]

PACKAGE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - strings, because this runs per frame file
STDLIB = tuple(
    {
        os.path.realpath(path)
        for path in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__))  # noqa: PTH120
    }
)
ROOT_MARKERS = (".git", "pyproject.toml")
SITE = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
CELL = re.compile(r"<ipython-input-|[/\\]ipykernel_\d+[/\\]\d+\.py$|^<cell")
OWN_MACHINERY = re.compile(r"workbench/(?!scenarios/|services/|dataset/)")
USER_PSEUDO_FILES = frozenset({"<cell>", "<string>", "<stdin>"})
SOURCE_SUFFIXES = (".py", ".pyw")

_met: dict[str, list[str]] = {}  # the file names of this process behind each normalised one


@lru_cache(maxsize=65536)
def normalise(filename: str) -> str:
    """The checkout-independent form of a code object's file name, as the table above says.

    Pure for the life of the process: the first answer for a file stays, also if the working folder changes.
    """
    name = _normalised(filename)
    _met.setdefault(name, []).append(filename)
    return name


def _normalised(filename: str) -> str:
    if CELL.search(filename):
        return "<cell>"
    if not filename or filename.startswith("<"):
        return filename or "<unknown>"
    if not os.path.isabs(filename) and not working_folder():  # noqa: PTH117
        return _posix(os.path.normpath(filename))  # relative to a folder that is gone
    path = os.path.abspath(filename)  # noqa: PTH100
    return _own(path) or _installed(path) or _in_project(path) or _elsewhere(path)


@lru_cache(maxsize=65536)
def is_user_code(normalised: str) -> bool:
    """Whether a normalised name is the user's own code: no library, interpreter or workbench machinery."""
    if normalised.startswith("<"):
        return normalised in USER_PSEUDO_FILES
    return OWN_MACHINERY.match(normalised) is None


def locate(normalised: str) -> list[str]:
    """Names of files here that may be meant, likeliest first; for a cell, names that ``linecache`` knows.

    Nothing says that they hold what was recorded: whoever reads them compares digests. Only Python source that
    exists is named, and nothing outside the folder that the name starts from.
    """
    if normalised == "<cell>":
        return list(reversed(_met.get(normalised, [])))
    if not normalised.endswith(SOURCE_SUFFIXES) or ".." in normalised.split("/"):
        return []
    names = [*reversed(_met.get(normalised, [])), *_by_convention(normalised)]
    return [name for name in dict.fromkeys(names) if os.path.isfile(name)]  # noqa: PTH113


def _by_convention(normalised: str) -> list[str]:
    """Where the table above would have the name come from, here."""
    first, _, rest = normalised.partition("/")
    match first:
        case "workbench":
            folders = [PACKAGE]
        case "<stdlib>":
            folders = list(STDLIB)
        case "<site>":
            folders = [path for path in sys.path if SITE.search(path + "/")]
        case "~":
            folders = [home_folder()]
        case "":
            return [normalised]
        case _:
            here = working_folder()
            folders, rest = [_project_root(here) if here else "", here], normalised
    return [os.path.join(folder, *rest.split("/")) for folder in folders if folder]  # noqa: PTH118


def shorten_text(text: str) -> str:
    """The text with the home folder written as ``~``: for messages that are stored."""
    home = home_folder()
    if not home or home not in text:
        return text
    # a whole path and whole names only: neither /home/alice nor /home/al.old nor /mnt/home/al is in /home/al
    return re.sub(rf"(?<![\w.~-]){re.escape(home)}(?![\w-]|\.+[\w-])", "~", text)


def home_folder() -> str:
    """The user's home folder; "" if there is none, as for a user without an entry in the password file."""
    home = os.path.expanduser("~").rstrip("/\\")  # noqa: PTH111
    return home if os.path.isabs(home) else ""  # noqa: PTH117


def working_folder() -> str:
    """The working folder; "" if it has been deleted."""
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:
        return ""


def _own(path: str) -> str | None:
    return _below(PACKAGE, path, "workbench/")


def _installed(path: str) -> str | None:
    if found := list(SITE.finditer(path)):
        return "<site>/" + _posix(path[found[-1].end() :])
    real = os.path.realpath(path)
    for folder in STDLIB:
        if (name := _below(folder, path, "<stdlib>/") or _below(folder, real, "<stdlib>/")) is not None:
            return name
    return None


def _in_project(path: str) -> str | None:
    root = _project_root(os.path.dirname(path))  # noqa: PTH120
    return _below(root, path, "") if root else None


@lru_cache(maxsize=4096)
def _project_root(folder: str) -> str:
    """The nearest folder at or above this one that holds a project; "" if there is none below the home folder."""
    home = Path(home_folder() or os.devnull)
    for candidate in (Path(folder), *Path(folder).parents):
        if candidate == home:
            return ""  # a dot-file repository in the home folder is nobody's project
        if any(os.path.exists(candidate / marker) for marker in ROOT_MARKERS):  # noqa: PTH110 - never raises
            return str(candidate)
    return ""


def _elsewhere(path: str) -> str:
    return _below(working_folder(), path, "") or _below(home_folder(), path, "~/") or _posix(path)


def _below(folder: str, path: str, prefix: str) -> str | None:
    if folder and path.startswith(folder) and path[len(folder) : len(folder) + 1] in ("/", "\\"):
        return prefix + _posix(path[len(folder) + 1 :])
    return None


def _posix(path: str) -> str:
    return path.replace("\\", "/")
