"""How an exception is told: syntax errors, which may hold anything, by their place and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.capture.outcome import outcome_of, raised_at, told
from workbench.model import Status


def of(path: Path, code: str) -> SyntaxError:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code)
    with pytest.raises(SyntaxError) as caught:
        compile(code, str(path), "exec")
    return caught.value


def test_the_users_own_unreadable_line_is_a_place(tmp_path: Path) -> None:
    error = of(tmp_path / "app.py", "x = 1\ny = (\n")
    assert raised_at(error).endswith("app.py:2")
    assert told(error) == "SyntaxError: '(' was never closed"


def test_a_librarys_unreadable_file_is_named_in_the_words(tmp_path: Path) -> None:
    error = of(tmp_path / "site-packages" / "broken.py", "y = (\n")
    assert "broken" not in raised_at(error)  # which is where it was imported
    assert "broken.py, line 1" in told(error)


@pytest.mark.parametrize(
    "error",
    [
        SyntaxError(42),
        SyntaxError(),
        SyntaxError("odd", (Path("app.py"), 1, 1, "text")),
        SyntaxError("odd", (b"app.py", 1, 1, "text")),
    ],
    ids=["a number", "nothing", "a path", "bytes"],
)
def test_a_program_may_put_anything_into_a_syntax_error(error: SyntaxError) -> None:
    assert raised_at(error) == ""
    status, line = outcome_of(error)
    assert status is Status.FAILED
    assert line.startswith("SyntaxError")
