"""Qualified names from the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.capture.source import qualified_name_at_definition, qualified_name_at_line

SOURCE = """\
import functools

class Outer:
    def method(self):
        def inner():
            return [x
                    for x in (1, 2)]
        return inner

    @functools.cache
    def cached(self):
        return (lambda: 3)()

def method():
    return 1
"""


@pytest.fixture
def module(tmp_path: Path) -> str:
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    return str(path)


def test_by_definition_line_as_code_objects_state_it(module: str) -> None:
    namespace: dict[str, object] = {}
    exec(compile(SOURCE, module, "exec"), namespace)
    code = namespace["Outer"].method.__code__  # type: ignore[attr-defined]
    assert qualified_name_at_definition(module, code.co_name, code.co_firstlineno) == code.co_qualname
    assert qualified_name_at_definition(module, "inner", 5) == "Outer.method.<locals>.inner"
    assert qualified_name_at_definition(module, "method", 14) == "method"
    assert qualified_name_at_definition(module, "cached", 10) == "Outer.cached"  # the decorator's line


def test_by_executing_line_the_innermost_function_of_that_name(module: str) -> None:
    assert qualified_name_at_line(module, "method", 8) == "Outer.method"
    assert qualified_name_at_line(module, "method", 15) == "method"
    assert qualified_name_at_line(module, "inner", 7) == "Outer.method.<locals>.inner"
    assert qualified_name_at_line(module, "<lambda>", 12) == "Outer.cached.<locals>.<lambda>"


def test_unknown_is_none(module: str, tmp_path: Path) -> None:
    assert qualified_name_at_definition(module, "method", 99) is None
    assert qualified_name_at_line(module, "nothing", 3) is None
    assert qualified_name_at_line(str(tmp_path / "missing.py"), "f", 1) is None
    broken = tmp_path / "broken.py"
    broken.write_text("def f(:\n")
    assert qualified_name_at_line(str(broken), "f", 1) is None
    assert qualified_name_at_line("\0", "f", 1) is None


def test_a_changed_file_is_read_again_and_no_bytecode_is_left(module: str, tmp_path: Path) -> None:
    assert qualified_name_at_line(module, "method", 15) == "method"
    Path(module).write_text("class New:\n    def method(self):\n        pass\n")
    assert qualified_name_at_line(module, "method", 3) == "New.method"
    assert not list(tmp_path.glob("__pycache__"))
