"""How a cell that begins with ``%%profile`` or ``%%compare`` becomes Python that IPython runs like any other cell.

The cell isn't run as text inside a magic, because then it could not ``await``, and its value and its traceback
would be another's. Instead its first line becomes a string that marks the cell (so that all lines keep their
numbers), and its syntax tree is rewritten. Text is never rewritten beyond that line, so strings over several lines
stay as written.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import symtable
import tokenize
from collections.abc import Callable, Iterator
from copy import deepcopy
from types import CodeType

__all__ = ["BASE", "NEW", "ROUND", "VALUE", "WorkbenchCells", "mark_cell", "mark_halves"]

ROUND, VALUE = "__workbench_round__", "__workbench_value__"
BASE, NEW = "__workbench_base__", "__workbench_new__"
"""Names in the user's namespace while the cell runs; the functions that the cell calls take them away again."""

_FIRST_LINE = re.compile(r"%%(profile|compare)(?:[ \t].*)?")
_SEPARATOR = re.compile(r"#[ \t]*-{3,}.*")
_HERE = "workbench.notebook"


def mark_cell(lines: list[str]) -> list[str]:
    """Turn a first line ``%%profile …`` or ``%%compare …`` into a string; the other lines stay as they are."""
    first = lines[0].rstrip() if lines else ""
    return [f"{first!r}\n", *lines[1:]] if _FIRST_LINE.fullmatch(first) else lines


def mark_halves(lines: list[str]) -> list[str]:
    """Turn a comment line ``# ---`` of a cell marked with ``%%compare`` into a string, outside of strings only."""
    if not lines or not lines[0].startswith(("'%%compare", '"%%compare')):
        return lines
    marked = list(lines)
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            row, column = token.start
            if token.type == tokenize.COMMENT and column == 0 and _SEPARATOR.fullmatch(token.string.rstrip()):
                marked[row - 1] = f"{token.string.rstrip()!r}\n"
    except (tokenize.TokenError, SyntaxError):
        return lines  # the compiler will say what is wrong
    return marked


class WorkbenchCells(ast.NodeTransformer):
    """Rewrites marked cells. What doesn't compile by itself is left to IPython, whose error is the usual one."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """The cell, rewritten if it is marked."""
        line = _text(node.body[0]) if node.body else ""
        found = _FIRST_LINE.fullmatch(line)
        if found is None:
            return node
        body = node.body[1:]
        if not _compiles(body):
            return ast.Module(body, [])
        arguments = line[len("%%") + len(found[1]) :].strip()
        rewritten = _profiled(arguments, body) if found[1] == "profile" else _compared(arguments, body)
        return ast.fix_missing_locations(ast.Module(rewritten, []))


def _text(statement: ast.stmt) -> str:
    """The string that a statement consists of, else ""."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return text
    return ""


def _compiles(body: list[ast.stmt]) -> bool:
    """A ``break`` or ``return`` outside of its place must stay an error, whatever we put around it."""
    try:
        _flags(body)
    except (SyntaxError, ValueError):
        return False
    return True


def _flags(body: list[ast.stmt]) -> int:
    """The flags of the statements as compiled; the statements stay as they are."""
    module = ast.Module(deepcopy(body), [])
    code: CodeType = compile(module, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code.co_flags


def _profiled(arguments: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """The rounds; the value of the cell's last expression is kept and then stands last, so that it is displayed."""
    first, rest = _future_imports(body)
    here = f"__import__({_HERE + '.profiling'!r}, fromlist=['*'])"
    loop = ast.parse(f"for {ROUND} in {here}.profiled({arguments!r}, globals()):\n with {ROUND}: pass").body[0]
    assert isinstance(loop, ast.For)
    block = loop.body[0]
    assert isinstance(block, ast.With)
    if not rest:
        return [*first, loop]
    last = rest[-1]
    if not isinstance(last, ast.Expr):
        block.body = rest
        return [*first, loop]
    kept = ast.Assign(targets=[ast.Name(id=VALUE, ctx=ast.Store())], value=last.value)
    block.body = [*rest[:-1], ast.copy_location(kept, last)]
    taken = ast.parse(f"{here}.taken(globals())").body[0]
    return [*first, loop, _at(taken, last)]


def _future_imports(body: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """They must stand first in a module."""
    end = 0
    while end < len(body):
        statement = body[end]
        if not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            break
        end += 1
    return body[:end], body[end:]


def _at(made: ast.stmt, place: ast.stmt) -> ast.stmt:
    """``made`` with all its nodes at the lines of ``place``: IPython looks there for a trailing semicolon."""
    for node in ast.walk(made):
        if isinstance(node, ast.expr | ast.stmt):
            ast.copy_location(node, place)
    return made


def _compared(arguments: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """Both halves as functions over the user's names, and the call that measures them."""
    first, rest = _future_imports(body)
    halves = list(_halves(rest))
    labels = tuple(label for label, _ in halves)
    if len(halves) == 2 and all(half for _, half in halves):
        waits = any(_flags(half) & inspect.CO_COROUTINE for _, half in halves)
        functions = [_function(name, half) for name, (_, half) in zip((BASE, NEW), halves, strict=True)]
    else:
        waits, functions = False, []
    call = f"__import__({_HERE + '.comparing'!r}, fromlist=['*']).compared"
    wanted = f"({arguments!r}, {labels!r}, globals())"
    measured = ast.parse(f"await {call}_awaited{wanted}" if waits else call + wanted).body[0]
    return [*first, *functions, _at(measured, rest[-1]) if rest else measured]


def _halves(body: list[ast.stmt]) -> Iterator[tuple[str, list[ast.stmt]]]:
    """The statements between the separators, each part with what its separator says after the dashes."""
    label, part = "", list[ast.stmt]()
    for statement in body:
        text = _text(statement)
        if _SEPARATOR.fullmatch(text):
            yield label, part
            label, part = text.lstrip("# \t").lstrip("-").strip(), []
        else:
            part.append(statement)
    yield label, part


def _function(name: str, body: list[ast.stmt]) -> ast.stmt:
    """A function that does what the statements do at a cell's top level: every name that they bind is global."""
    body = list(body)
    last = body[-1]
    if isinstance(last, ast.Expr):
        body[-1] = ast.copy_location(ast.Return(value=last.value), last)
    waits = _flags([*body[:-1], last]) & inspect.CO_COROUTINE
    keyword = "async def" if waits else "def"
    made = ast.parse(f"{keyword} {name}(): pass").body[0]
    assert isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef)
    made.body = body
    if names := _bound(made):
        made.body = [ast.Global(names=names), *body]
    return ast.copy_location(made, body[0])


def _bound(function: ast.stmt) -> list[str]:
    source = ast.unparse(ast.fix_missing_locations(deepcopy(function)))
    (table,) = symtable.symtable(source, "<cell>", "exec").get_children()
    locals_: Callable[[], tuple[str, ...]] = getattr(table, "get_locals", tuple)
    return list(locals_())
