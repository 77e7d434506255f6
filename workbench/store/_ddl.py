"""Statements that create commented tables and views from a compact description."""

from __future__ import annotations

__all__ = ["macro", "quoted", "table", "view"]


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _described(columns: str) -> list[tuple[str, str]]:
    """``declaration | comment`` lines as pairs."""
    pairs = []
    for line in filter(None, map(str.strip, columns.splitlines())):
        declaration, _, comment = line.partition(" | ")
        pairs.append((declaration.strip(), comment.strip()))
    return pairs


def _column_comments(name: str, described: list[tuple[str, str]]) -> list[str]:
    return [
        f"COMMENT ON COLUMN {name}.{declaration.split()[0]} IS {quoted(comment)}"
        for declaration, comment in described
    ]


def table(name: str, comment: str, columns: str) -> tuple[str, ...]:
    """``columns`` has one ``name TYPE [NOT NULL] | comment`` a line."""
    described = _described(columns)
    declarations = ", ".join(declaration for declaration, _ in described)
    return (
        f"CREATE TABLE {name} ({declarations})",
        f"COMMENT ON TABLE {name} IS {quoted(comment)}",
        *_column_comments(name, described),
    )


def view(name: str, comment: str, columns: str, select: str) -> tuple[str, ...]:
    """``columns`` has one ``name | comment`` a line, in the order of the select list."""
    described = _described(columns)
    names = ", ".join(declaration for declaration, _ in described)
    return (
        f"CREATE VIEW {name} AS SELECT * FROM ({select.strip()}) AS v ({names})",
        f"COMMENT ON VIEW {name} IS {quoted(comment)}",
        *_column_comments(name, described),
    )


def macro(name: str, comment: str, select: str) -> tuple[str, ...]:
    """A table macro; ``name`` includes its parameters."""
    return (
        f"CREATE MACRO {name} AS TABLE {select.strip()}",
        f"COMMENT ON MACRO TABLE {name.partition('(')[0]} IS {quoted(comment)}",
    )
