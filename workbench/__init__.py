"""A profiling workbench for Python backends.

    import workbench as wb

    with wb.profile("checkout") as run:
        ...
    wb.flamegraph(run)

Importing it costs nothing measurable: each name below loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.experiment.block import profile
    from workbench.notebook import (
        assert_no_regression,
        compare,
        diff_flamegraph,
        distributions,
        explorer,
        flamegraph,
        ladder,
        load_ipython_extension,
        report,
        run,
        runs,
        sql,
        table,
        timeline,
    )
    from workbench.notebook.history import history
    from workbench.notebook.scaling import scaling
    from workbench.store import Store

__all__ = [
    "Store",
    "assert_no_regression",
    "compare",
    "diff_flamegraph",
    "distributions",
    "explorer",
    "flamegraph",
    "history",
    "ladder",
    "load_ipython_extension",
    "profile",
    "report",
    "run",
    "runs",
    "scaling",
    "sql",
    "table",
    "timeline",
]

_HOMES = {
    "Store": "workbench.store",
    "assert_no_regression": "workbench.notebook",
    "compare": "workbench.notebook",
    "diff_flamegraph": "workbench.notebook",
    "distributions": "workbench.notebook",
    "explorer": "workbench.notebook",
    "flamegraph": "workbench.notebook",
    "history": "workbench.notebook.history",
    "ladder": "workbench.notebook",
    "load_ipython_extension": "workbench.notebook",
    "profile": "workbench.experiment.block",
    "report": "workbench.notebook",
    "run": "workbench.notebook",
    "runs": "workbench.notebook",
    "scaling": "workbench.notebook.scaling",
    "sql": "workbench.notebook",
    "table": "workbench.notebook",
    "timeline": "workbench.notebook",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("workbench")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
