"""Qualified names of functions, found in the source, for samplers that give only a bare name.

pyinstrument's await stacks name a function by ``co_name`` and definition line; py-spy on Python 3.10 and older by
``co_name`` and the executing line. The code objects compiled from the same file know the qualified name.
"""

from __future__ import annotations

import ast
import linecache
import tokenize
import warnings
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

__all__ = [
    "codes_named",
    "digest_of",
    "extent",
    "qualified_name_at_definition",
    "qualified_name_at_line",
    "source_lines",
]

LARGEST = 20_000_000  # bytes; no file that a person wrote is longer


def qualified_name_at_definition(filename: str, name: str, first_line: int) -> str | None:
    """``co_qualname`` of the function with this bare name and ``co_firstlineno``; None if it can't be found."""
    matches = {code.co_qualname for code in _codes(filename, name) if code.co_firstlineno == first_line}
    return matches.pop() if len(matches) == 1 else None


def qualified_name_at_line(filename: str, name: str, line: int) -> str | None:
    """``co_qualname`` of the innermost function with this bare name whose body holds the line; None if unknown."""
    around = [code for code in _codes(filename, name) if code.co_firstlineno <= line <= _last_line(code)]
    return max(around, key=lambda code: code.co_firstlineno).co_qualname if around else None


def codes_named(filename: str, qualified_name: str) -> list[CodeType]:
    """The code objects of that qualified name in a file or notebook cell, as it is now."""
    bare = qualified_name.rpartition(".")[2]
    return [code for code in _codes(filename, bare) if code.co_qualname == qualified_name]


def extent(code: CodeType) -> tuple[int, int]:
    """First (decorators included) and last line of a function's source."""
    return code.co_firstlineno, _last_line(code)


def source_lines(filename: str) -> list[str]:
    """The lines of a file or notebook cell as they are now, without their ends; none if it can't be read."""
    try:
        stat = Path(filename).stat()
    except (OSError, ValueError):
        return [line.rstrip("\r\n") for line in _cached_lines(filename)]
    return _file_lines(filename, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _file_lines(filename: str, mtime_ns: int, size: int) -> list[str]:
    if size > LARGEST:
        return []
    try:
        with tokenize.open(filename) as opened:
            return [line.rstrip("\r\n") for line in opened]
    except (OSError, ValueError, SyntaxError):  # SyntaxError: an encoding that doesn't exist
        return []


def digest_of(lines: Sequence[str]) -> str:
    """BLAKE2b-64 of lines as 16 hex digits."""
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8, person=b"wb.source").hexdigest()


def _cached_lines(filename: str) -> list[str]:
    """A notebook's cell, put there by IPython."""
    cached = linecache.cache.get(filename, ())
    return cached[2] if len(cached) == 4 else []


class _ReadOnlyLoader(SourceFileLoader):
    """Uses a fresh ``.pyc`` where there is one, but never writes one beside the user's files."""

    def set_data(self, path: str, data: bytes, *, _mode: int = 0o666) -> None:  # type: ignore[override]
        return None


def _codes(filename: str, name: str) -> list[CodeType]:
    try:
        stat = Path(filename).stat()
    except (OSError, ValueError):
        text = "".join(_cached_lines(filename))
        return _index_of_text(filename, text).get(name, []) if text else []
    return _index(filename, stat.st_mtime_ns, stat.st_size).get(name, [])


@lru_cache(maxsize=1024)
def _index(filename: str, mtime_ns: int, size: int) -> dict[str, list[CodeType]]:
    """Every code object of the file by bare name; empty if it is no Python source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a profile is no place for the user's SyntaxWarnings
            module = _ReadOnlyLoader("__main__", filename).get_code("__main__")
    except (SyntaxError, ValueError, OSError, ImportError, RecursionError):
        return {}
    return _by_name([module] if module is not None else [])


@lru_cache(maxsize=1024)
def _index_of_text(filename: str, text: str) -> dict[str, list[CodeType]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            module: CodeType = compile(text, filename, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return _by_name([module])


def _by_name(todo: list[CodeType]) -> dict[str, list[CodeType]]:
    index: dict[str, list[CodeType]] = {}
    while todo:
        code = todo.pop()
        index.setdefault(code.co_name, []).append(code)
        todo.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return index


@lru_cache(maxsize=65536)
def _last_line(code: CodeType) -> int:
    ends = (end for _, end, _, _ in code.co_positions() if end is not None)  # of none with -X no_debug_ranges
    starts = (line for _, _, line in code.co_lines() if line is not None)
    own = max((*ends, *starts), default=code.co_firstlineno)
    inner = (_last_line(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return max([own, *inner])
