"""``%%profile``: the cell under a profile, its value and exceptions as usual, its flame graph below.

The cell is not run as text inside the magic, because then it could not ``await``. Instead its first line becomes a
call that marks the cell, and the cell's syntax tree is put into a ``with`` block; IPython runs it like any other.
"""

from __future__ import annotations

import ast
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["ProfileCells", "load_ipython_extension", "mark_cell", "profiled", "unload_ipython_extension"]

_MAGIC = "%%profile"
_MARK = "__workbench_profile_cell__"
_VALUE = "_workbench_value"


def mark_cell(lines: list[str]) -> list[str]:
    """Turn a first line ``%%profile NAME`` into the marking call; line numbers stay as they are."""
    if not lines:
        return lines
    first = lines[0].rstrip("\r\n")
    if first != _MAGIC and not first.startswith(_MAGIC + " "):
        return lines
    return [f"{_MARK}({first[len(_MAGIC) :].strip()!r})\n", *lines[1:]]


class ProfileCells(ast.NodeTransformer):
    """Puts the statements of a marked cell under ``with profiled(…)``."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """The cell, rewritten if it is marked."""
        arguments = self._marked(node)
        if arguments is None:
            return node
        node.body = _wrapped(arguments, node.body[1:])
        return ast.fix_missing_locations(node)

    @staticmethod
    def _marked(node: ast.Module) -> str | None:
        match node.body[:1]:
            case [ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text))]))]:
                return text if name == _MARK else None
        return None


def _wrapped(arguments: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """The block; the cell's last expression goes to a variable that stands last, so that it is displayed."""
    opened = ast.parse(
        f"with __import__('workbench.notebook.magic', fromlist=['profiled']).profiled({arguments!r}): pass"
    )
    block = opened.body[0]
    assert isinstance(block, ast.With)
    if not body:
        return [block]
    block.body = body
    last = body[-1]
    if not isinstance(last, ast.Expr):
        return [block]
    kept = ast.Assign(targets=[ast.Name(id=_VALUE, ctx=ast.Store())], value=last.value)
    block.body = [*body[:-1], ast.copy_location(kept, last)]
    return [block, ast.copy_location(ast.Expr(value=ast.Name(id=_VALUE, ctx=ast.Load())), last)]


@contextmanager
def profiled(arguments: str) -> Iterator[None]:
    """Profile the block under the name given, then display its flame graph, also when it raised."""
    from workbench.experiment.block import profile

    block = profile(_parsed(arguments))
    caller = sys._getframe(2)  # past contextlib's __enter__
    run = block._enter(caller)
    try:
        yield
    except BaseException as error:
        block.__exit__(type(error), error, error.__traceback__)
        _display(run)
        raise
    block.__exit__(None, None, None)
    _display(run)


def _parsed(arguments: str) -> str:
    """The name on the magic's line ("cell" if there is none)."""
    from IPython.core.error import UsageError

    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise UsageError(f"%%profile: {error} in {arguments!r}") from error
    options = [word for word in words if word.startswith("-")]
    if options:
        raise UsageError(f"%%profile takes a name only, no option {options[0]}")
    return " ".join(words) or "cell"


def _display(run: Any) -> None:
    """Show the flame graph of what was recorded; a cell too quick for a sample gets a line instead."""
    from IPython.display import display

    from workbench.notebook.functions import flamegraph

    recording = run.recording
    if recording is None:
        return
    if recording.tree is None or not len(recording.tree.samples):
        print(f"run {run.run_id}: over before the first sample was taken")
        return
    display(flamegraph(run))  # type: ignore[no-untyped-call]


def load_ipython_extension(shell: Any) -> None:
    """Switch ``%%profile`` on, at most once."""
    if mark_cell not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(mark_cell)
        shell.ast_transformers.append(ProfileCells())


def unload_ipython_extension(shell: Any) -> None:
    """Switch ``%%profile`` off."""
    if mark_cell in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.remove(mark_cell)
    shell.ast_transformers[:] = [t for t in shell.ast_transformers if not isinstance(t, ProfileCells)]
