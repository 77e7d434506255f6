"""The child's side of ``services.process``: read the configuration, report ready, answer, exit with the parent."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, Never

__all__ = ["Channel", "raise_file_limit", "run_child"]

ORPHAN_CHECK_S = 2.0

Operation = Callable[..., dict[str, Any]]


class Channel:
    """The pipes to the parent. ``operations`` maps the name of a control request to what answers it.

    ``line`` is the descriptor that requests come by.
    """

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.cleanups: list[Callable[[], object]] = []
        self._parent = os.getppid()
        self._buffer = b""
        # Whatever prints to stdout or reads stdin must not spoil the protocol: keep the pipes for us, where
        # neither they nor a child process finds them; prints go to stderr, and there is nothing to read.
        self.line, self._out = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def configuration(self) -> dict[str, Any]:
        """The first line from the parent."""
        config: dict[str, Any] = json.loads(self._read_line())
        return config

    def ready(self, facts: dict[str, Any]) -> None:
        """Tell the parent that requests are served from now on, and start to watch it."""
        self._send(facts)
        threading.Thread(target=self._watch, name="parent-watch", daemon=True).start()

    def exit(self, code: int = 0) -> Never:
        """Clean up and go at once, whatever else runs."""
        for cleanup in self.cleanups:
            with contextlib.suppress(Exception):
                cleanup()
        os._exit(code)

    def _watch(self) -> None:
        # A signal must wake the main thread, which runs its handler, from its wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
        while True:
            request = json.loads(self._read_line())
            self._send(self._answer(request["op"], request["arguments"]) | {"id": request["id"]})

    def _answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if name not in self.operations:
            return {"error": f"no operation {name}"}
        try:
            return self.operations[name](**arguments)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _read_line(self) -> bytes:
        while b"\n" not in self._buffer:
            # A fork of the parent can hold the pipe open after the parent's death; so look at our parent, too.
            while not select.select([self.line], [], [], ORPHAN_CHECK_S)[0]:
                if os.getppid() != self._parent:
                    self.exit()
            chunk = os.read(self.line, 65536)
            if not chunk:
                self.exit()
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _send(self, message: dict[str, Any]) -> None:
        try:
            os.write(self._out, json.dumps(message).encode() + b"\n")
        except OSError:
            self.exit()


def raise_file_limit() -> None:
    """Allow as many open sockets as the system lets this user have."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run_child(main: Callable[[dict[str, Any], Channel], None]) -> Never:
    """Run a service's main function until the parent goes; an exception ends the child with its traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: channel.exit())
    try:
        main(channel.configuration(), channel)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        channel.exit(1)
    channel.exit()
