"""Where the code of compared functions lies in memory, made anew between rounds.

Equal functions in one process can differ by 7 to 29 % for as long as it lives, because of where their bytecode
happens to lie relative to what it works on (Mytkowicz et al., *Producing wrong data without doing anything
obviously wrong!*, ASPLOS 2009). One place in a hundred or so is such a place. All pairs of a sitting would then
agree on a difference that no code made; where the code moves every few pairs, only those few do, which a rank
statistic forgives. The remedy is that of *Stabilizer* (Curtsinger & Berger, ASPLOS 2013), for bytecode.
"""

from __future__ import annotations

import site
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["CodePlacement", "reachable_functions"]

_MOST_FUNCTIONS = 500
_NOT_THE_USERS = tuple(
    f"{Path(folder).resolve()}/"
    for folder in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        str(Path(__file__).parents[1]),
    }
)


class CodePlacement:
    """The code objects of some functions. ``renew`` gives each a copy elsewhere; ``restore`` the one it had.

    A copy starts without what the interpreter learned of the last one (PEP 659): call the function before it is
    timed again. A frame that runs goes on with the code that it has.
    """

    def __init__(self, functions: Iterable[FunctionType]) -> None:
        self._original = [(function, function.__code__) for function in functions]
        self._used: list[list[CodeType]] = []  # a freed place would be taken again at once

    def renew(self) -> None:
        """Give every function's code another place."""
        copies = [_copied(code) for _, code in self._original]
        self._used.append(copies)
        for (function, _), code in zip(self._original, copies, strict=True):
            function.__code__ = code

    def restore(self) -> None:
        """Give every function the code that it had at first."""
        for function, code in self._original:
            function.__code__ = code
        self._used.clear()


def _copied(code: CodeType) -> CodeType:
    return code.replace(co_consts=tuple(_copied(c) if isinstance(c, CodeType) else c for c in code.co_consts))


def reachable_functions(function: Callable[..., Any]) -> list[FunctionType]:
    """The user's own functions that ``function`` may call, itself among them, as far as names tell.

    By the names that a function's code mentions: functions, classes' methods, what modules hold. Code of the
    standard library, of installed packages and of the workbench stays where it is. At most 500, nearest first.
    """
    found: dict[int, FunctionType] = {}
    waiting: list[object] = [getattr(function, "__func__", function)]
    seen: set[int] = set()
    while waiting and len(found) < _MOST_FUNCTIONS:
        value = waiting.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, FunctionType):
            if _is_the_users(value.__code__):
                found[id(value)] = value
                waiting += _mentioned(value)
        elif isinstance(value, type):
            waiting += [member for base in value.__mro__ for member in vars(base).values() if not _is_plain(member)]
        elif isinstance(value, staticmethod | classmethod):
            waiting.append(value.__func__)
        elif isinstance(value, property):
            waiting += [part for part in (value.fget, value.fset, value.fdel) if part is not None]
        elif type(value).__module__ == "functools":  # cached functions and partial ones
            waiting += [vars(value)["__wrapped__"]] if "__wrapped__" in getattr(value, "__dict__", {}) else []
            waiting.append(getattr(value, "func", None))
        elif not _is_plain(value):
            waiting.append(type(value))
    return list(found.values())


def _mentioned(function: FunctionType) -> Iterator[object]:
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
    names = set(_names(function.__code__))
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            yield from (vars(value)[each] for each in names if each in vars(value))
        elif value is not None:
            yield value


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_plain(value: object) -> bool:
    return isinstance(
        value, str | bytes | int | float | complex | tuple | list | dict | set | frozenset | ModuleType
    )


def _is_the_users(code: CodeType) -> bool:
    file = code.co_filename
    return not file.startswith("<frozen") and not str(Path(file).resolve()).startswith(_NOT_THE_USERS)
