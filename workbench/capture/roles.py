"""What a frame is to the program: work, waiting, or the event loop's own machinery.

A sample's state follows from its leaf: pyinstrument's await marker says that a task awaited; a leaf in a C function
that blocks (``time.sleep``, a lock, a socket) or in the standard library's Python around one says that the thread
waited; all else ran. py-spy without ``--idle`` leaves threads that wait out by itself, so there every sample ran.
Its recordings hold no flag for idleness: with ``--idle`` it is told by the leaf, as py-spy itself does where the
system can't say. Patterns are for whole names, and such as both ``re`` and RE2 (the store's SQL) understand.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from workbench.calltree import CallTree, Int32
from workbench.model import Frame, Sampler

__all__ = ["PATTERNS", "Role", "State", "imports", "owners", "role_of", "roles", "states"]


class Role(StrEnum):
    """What a frame stands for wherever it is the leaf or, for ``LOOP``, between the program and its tasks."""

    WORK = ""
    AWAIT = "await"  # a task awaits
    WAIT = "wait"  # a thread waits
    LOOP = "loop"  # the event loop's own frames, which a view may fold


class State(StrEnum):
    """What a task or thread did at a sample."""

    RUNNING = "running"
    AWAITING = "awaiting"
    WAITING = "waiting"


PATTERNS: tuple[tuple[Role, str, str], ...] = (
    (Role.AWAIT, r"<await>", r".*"),
    (Role.WAIT, r"<built-in>", r"(.*\.)?(sleep|select|poll|epoll\.poll|kqueue\.control|sigwait|waitpid|wait4)"),
    (Role.WAIT, r"<built-in>", r"(.*\.)?(lock|RLock|Semaphore|SemLock|SimpleQueue)\.(acquire|get|__enter__)"),
    (Role.WAIT, r"<built-in>", r"(.*\.)?socket\.(accept|connect|connect_ex|recv|recv_into|recvfrom)"),
    (Role.WAIT, r"<built-in>", r"(.*\.)?_SSLSocket\.(read|do_handshake)"),
    (Role.LOOP, r"<built-in>", r"(.*\.)?Context\.run"),
    (Role.WAIT, r"<stdlib>/selectors\.py", r".*\.select"),
    (Role.WAIT, r"<stdlib>/threading\.py", r"(Condition|Event|Barrier)\.wait|Condition\.wait_for"),
    (Role.WAIT, r"<stdlib>/threading\.py", r"Thread\.(join|_wait_for_tstate_lock)"),
    (Role.WAIT, r"<stdlib>/subprocess\.py", r"Popen\.(wait|_wait|_try_wait)"),
    (Role.WAIT, r"<stdlib>/socket\.py", r"SocketIO\.readinto|socket\.accept|create_connection"),
    (Role.WAIT, r"<stdlib>/ssl\.py", r"SSLSocket\.(read|recv|recv_into|do_handshake)"),
    (Role.LOOP, r"<stdlib>/asyncio/(runners|events|base_events|unix_events|selector_events)\.py", r".*"),
    (Role.LOOP, r"<stdlib>/asyncio/(windows_events|proactor_events)\.py", r".*"),
    (Role.LOOP, r"<site>/uvloop/.*", r".*"),
    (Role.LOOP, r"<site>/anyio/(_core/_eventloop|from_thread|_backends/_asyncio)\.py", r"run.*|.*\.run"),
)
"""Role, pattern of the file, pattern of the function; the first that fits counts."""

_COMPILED = tuple((role, re.compile(file), re.compile(function)) for role, file, function in PATTERNS)
_IMPORTS = ("<frozen importlib.", "<stdlib>/importlib/")
_NOT_SOURCE = ("<built-in>", "<await>", "<instrumentation>", "<native>")


@lru_cache(maxsize=65536)
def role_of(frame: Frame) -> Role:
    """The role of a frame, by its names."""
    for role, file, function in _COMPILED:
        if file.fullmatch(frame.file) and function.fullmatch(frame.function):
            return role
    return Role.WORK


def imports(frame: Frame) -> bool:
    """Whether the frame is the import system's own: below it stands what an import statement ran."""
    return frame.file.startswith(_IMPORTS)


def roles(tree: CallTree) -> list[Role]:
    """The role of each frame of the tree."""
    return [role_of(frame) for frame in tree.frames]


def states(tree: CallTree, sampler: Sampler) -> list[State]:
    """What a sample with each frame of the tree as its leaf says of its task or thread."""
    told = sampler.name != "py-spy" or "idle" in sampler.mode.split(",")
    by_role = {Role.AWAIT: State.AWAITING, **({Role.WAIT: State.WAITING} if told else {})}
    return [by_role.get(role, State.RUNNING) for role in roles(tree)]


def owners(tree: CallTree) -> Int32:
    """For each node the nearest at or above it that has source: what a C function does stands at its caller's line.

    -1 where there is none.
    """
    sourced = np.array([frame.file not in _NOT_SOURCE for frame in tree.frames], dtype=np.bool_)
    has_source: list[bool] = sourced[tree.node_frame].tolist() if len(tree) else []
    owner: npt.NDArray[np.int32] = np.arange(len(tree), dtype=np.int32)
    for node, parent in enumerate(tree.node_parent.tolist()):  # parents come first
        if not has_source[node]:
            owner[node] = owner[parent] if parent >= 0 else -1
    return owner
