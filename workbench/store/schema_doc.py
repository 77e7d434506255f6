"""``docs/schema.md`` from the comments in the schema: ``python -m workbench.store.schema_doc``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.store.connection import memory
from workbench.store.migrations import CURRENT

if TYPE_CHECKING:
    from workbench.store.connection import Connection

__all__ = ["schema_markdown"]

_HEAD = """# Schema of the store

Version {version}. Made from the schema's comments by `python -m workbench.store.schema_doc`; a test keeps it so.

The store is one DuckDB file (`WORKBENCH_STORE`); `workbench sql`, `wb.sql` and any DuckDB client read it. Ask the
views: they carry ids, names and seconds; the tables are laid out for size. Times of day are UTC, ids sort by time.

```sql
SELECT function, file, self_s, total_s FROM v_functions WHERE run_id = '…' ORDER BY self_s DESC LIMIT 10;
SELECT variant, median(call_wall_s), max(requests) FROM v_rounds WHERE kind = 'timing' GROUP BY ALL;
SELECT name, sum(spans), sum(total_s) FROM v_span_counts WHERE run_id = '…' GROUP BY name ORDER BY 3 DESC;
FROM folded('…');
```
"""


def schema_markdown() -> str:
    """The page."""
    connection = memory()
    try:
        parts = [_HEAD.format(version=CURRENT)]
        parts += ["## Views\n", *_relations(connection, "duckdb_views()", "view_name")]
        parts += ["## Macros\n", *_macros(connection)]
        parts += ["## Tables\n", *_relations(connection, "duckdb_tables()", "table_name")]
    finally:
        connection.close()
    return "\n".join(parts)


def _relations(connection: Connection, catalog: str, name: str) -> list[str]:
    found = connection.execute(f"SELECT {name}, comment FROM {catalog} WHERE NOT internal ORDER BY 1").fetchall()
    return [_relation(connection, relation, comment) for relation, comment in found]


def _relation(connection: Connection, name: str, comment: str) -> str:
    columns = connection.execute(
        "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
        "WHERE table_name = ? AND NOT internal ORDER BY column_index",
        [name],
    ).fetchall()
    rows = "\n".join(f"| `{column}` | {kind} | {_cell(text)} |" for column, kind, _, text in columns)
    return f"### {name}\n\n{comment}\n\n| column | type | meaning |\n|---|---|---|\n{rows}\n"


def _macros(connection: Connection) -> list[str]:
    found = connection.execute(
        "SELECT function_name, parameters, comment FROM duckdb_functions() "
        "WHERE function_type = 'table_macro' AND NOT internal ORDER BY 1"
    ).fetchall()
    return [f"### {name}({', '.join(parameters)})\n\n{comment}\n" for name, parameters, comment in found]


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schema.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(schema_markdown(), encoding="utf-8")
