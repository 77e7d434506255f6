"""From the interpreter's code objects to the frames of a call tree, with the workbench's own frames taken out.

While something is recorded a stack is kept as a key: a tuple of ``id(code)`` (from the root) and, at the end,
strings for what has no code object (C functions, await markers). Keys cost little to build and compare; frames are
made of them afterwards, once per distinct stack.

The workbench's own frames are of three sorts:

* drivers (sessions, rounds, the command line) lead to the measured code: dropped, with everything above;
* wrappers around an operation (httpx): dropped, with what they call, up to the frame that resumes the operation;
* time in such a wrapper itself is the cost of recording: one leaf ``[instrumentation]``, so that it is not
  charged to the user's function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from types import CodeType, FrameType
from typing import Any, TypeVar

from workbench.capture.source import qualified_name_at_definition
from workbench.model import Frame
from workbench.paths import is_user_code, normalise

__all__ = [
    "AWAIT",
    "AWAIT_MARK",
    "BUILTIN",
    "INSTRUMENTATION",
    "StackKey",
    "StackTable",
    "instrumentation",
    "named_part",
    "resumes",
    "without_ours",
]

StackKey = tuple[int | str, ...]
Definition = tuple[str, str, int]  # bare name, file, first line
Marked = TypeVar("Marked", bound=Callable[..., Any])

AWAIT = Frame("<await>", "[await]")
INSTRUMENTATION = Frame("<instrumentation>", "[instrumentation]")
BUILTIN = "<built-in>"
AWAIT_MARK = "[await]"


class Part(Enum):
    """What a frame is to the stack it stands in."""

    CODE = 1
    DRIVER = 2
    WRAPPER = 3  # everything below it is instrumentation, until a frame that resumes
    RESUMES = 4


_marked: dict[CodeType, Part] = {}


def instrumentation(function: Marked) -> Marked:
    """Mark a function of ours that wraps a user's operation: it and what it calls is the cost of recording."""
    _marked[function.__code__] = Part.WRAPPER
    return function


def resumes(function: Marked) -> Marked:
    """Mark a function of ours that calls the wrapped operation: below it the user's stack goes on."""
    _marked[function.__code__] = Part.RESUMES
    return function


class StackTable:
    """Interns the stacks of one run. Thread-safe as far as dict operations are: keys may come from any thread."""

    def __init__(self) -> None:
        self._codes: dict[int, CodeType] = {}  # keeps code objects alive, or their ids would be reused
        self._frames: dict[int | str, tuple[Part, Frame]] = {}
        self._user_files: dict[str, str] = {}  # the normalised name of a user's file, "" of any other
        self._defined: dict[Definition, CodeType] = {}
        self._defined_of = 0  # how many code objects that was made of
        self._known: set[StackKey] = set()

    def key_of(self, frame: FrameType | None) -> StackKey:
        """The key of the stack that ends at this frame."""
        codes: list[CodeType] = []
        while frame is not None:
            codes += (frame.f_code,)
            frame = frame.f_back
        codes.reverse()
        return self.extended((), codes)

    def extended(self, stem: StackKey, codes: Sequence[CodeType]) -> StackKey:
        """The key of a stack with these code objects below its last frame."""
        key: StackKey = (*stem, *map(id, codes))
        if key not in self._known:
            for code in codes:
                self._codes[id(code)] = code
            self._known.add(key)
        return key

    def adopt(self, key: StackKey, other: StackTable) -> None:
        """Take over a key that another table made, so that it can be resolved here too."""
        if key not in self._known:
            for item in key:
                if not isinstance(item, str):
                    self._codes[item] = other._codes[item]
            self._known.add(key)

    def key_and_site(
        self, frame: FrameType | None, start: FrameType | None = None, stem: StackKey = ()
    ) -> tuple[StackKey, str]:
        """The key, and ``file:line`` of the nearest frame of the user's own code ("" if there is none).

        ``stem`` is the key of the stack that ends at ``start``: where that frame is met, nobody need walk on. In a
        notebook most of a stack lies above it.
        """
        codes: list[CodeType] = []
        files = self._user_files
        site = ""
        while frame is not None:
            file = frame.f_code.co_filename
            if file not in files:
                name = normalise(file)
                files[file] = name if is_user_code(name) else ""
            if files[file]:
                site = f"{files[file]}:{frame.f_lineno}"
                break
            codes += (
                frame.f_code,
            )  # no call: under a profiler each one would cost as much as the rest of the loop
            frame = frame.f_back
        while frame is not None and frame is not start:
            above = frame.f_back
            if above is None or above is start:
                codes += (frame.f_code,)
                frame = above
                break
            codes += (frame.f_code, above.f_code)  # two at a time: this loop is most of what a span costs
            frame = above.f_back
        codes.reverse()
        return self.extended(stem if frame is not None else (), codes), site

    def stack(self, key: StackKey, start: StackKey = (), *, caller: bool = False) -> tuple[Frame, ...]:
        """The frames of a key from the root, without our own and without the stem that it shares with ``start``.

        ``start`` is the stack in which the recording began; its last frame stays, unless it is ours. ``caller``:
        end at the user's frame that called our instrumentation, instead of adding the cost of it.
        """
        shared = 0
        for part, stem in zip(key, start, strict=False):
            if part != stem and self._frame(part) != self._frame(stem):  # the same coroutine in either notation
                break
            shared += 1
        if shared and shared == len(start):
            shared -= 1
        return without_ours(map(self._frame, key[shared:]), mark_cost=not caller)

    def codes(self) -> dict[Frame, list[CodeType]]:
        """The code objects behind each frame that was seen."""
        found: dict[Frame, list[CodeType]] = {}
        for code in self._codes.values():
            found.setdefault(_of_code(code)[1], []).append(code)
        return found

    def _frame(self, item: int | str) -> tuple[Part, Frame]:
        known = self._frames.get(item)
        if known is None:
            known = self._of_text(item) if isinstance(item, str) else _of_code(self._codes[item])
            self._frames[item] = known
        return known

    def _of_text(self, text: str) -> tuple[Part, Frame]:
        """A frame of pyinstrument's notation: ``name NUL file NUL first line``, then ``\\x01``-led attributes."""
        if text == AWAIT_MARK:
            return Part.CODE, AWAIT
        identifier = text.partition("\x01")[0]
        name, _, rest = identifier.partition("\x00")
        filename, _, line = rest.partition("\x00")
        if filename == BUILTIN:
            return Part.CODE, Frame(BUILTIN, name)
        definition = name, filename, int(line or 0)
        code = self._code_defined(definition)
        return _of_code(code) if code is not None else _of_definition(*definition)

    def _code_defined(self, definition: Definition) -> CodeType | None:
        """The code object, if it was seen on a stack."""
        if len(self._codes) != self._defined_of:
            self._defined_of = len(self._codes)
            self._defined = {(c.co_name, c.co_filename, c.co_firstlineno): c for c in self._codes.values()}
        return self._defined.get(definition)


def without_ours(parts: Iterable[tuple[Part, Frame]], *, mark_cost: bool = True) -> tuple[Frame, ...]:
    """The program's own frames of a stack, and at its end ``INSTRUMENTATION`` where the workbench was at work."""
    stack: list[Frame] = []
    inside = False
    for part, frame in parts:
        if part is Part.WRAPPER:
            inside = True
        elif part is Part.RESUMES:
            inside = False
        elif part is Part.CODE and (not inside or frame is AWAIT):
            stack.append(frame)
    if mark_cost and ((inside and stack[-1:] != [AWAIT]) or not stack):
        stack.append(INSTRUMENTATION)
    return tuple(stack)


def named_part(frame: Frame) -> tuple[Part, Frame]:
    """What a frame is that is known by its names alone, as a sampler outside the process gives it."""
    if not _is_ours(frame.file):
        return Part.CODE, frame
    marked = {Frame(normalise(code.co_filename), code.co_qualname): part for code, part in _marked.items()}
    return marked.get(frame, Part.DRIVER), frame


def _is_ours(file: str) -> bool:
    return file.startswith("workbench/") and not is_user_code(file)


def _of_code(code: CodeType) -> tuple[Part, Frame]:
    file = normalise(code.co_filename)
    return _part(code, file), Frame(file, code.co_qualname)


def _part(code: CodeType, file: str) -> Part:
    if code in _marked:
        return _marked[code]
    return Part.DRIVER if _is_ours(file) else Part.CODE


def _of_definition(name: str, filename: str, first_line: int) -> tuple[Part, Frame]:
    file = normalise(filename)
    for code, part in _marked.items():
        if (code.co_name, code.co_filename, code.co_firstlineno) == (name, filename, first_line):
            return part, Frame(file, code.co_qualname)
    if _is_ours(file):
        return Part.DRIVER, Frame(file, name)
    qualified = qualified_name_at_definition(filename, name, first_line)
    return Part.CODE, Frame(file, qualified) if qualified else Frame(file, name, first_line)
