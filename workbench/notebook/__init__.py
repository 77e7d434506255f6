"""What a notebook uses: ``import workbench as wb`` brings these names as ``wb.…``."""

from workbench.notebook.asserting import assert_no_regression
from workbench.notebook.charts import distributions, ladder
from workbench.notebook.explorer import explorer
from workbench.notebook.functions import flamegraph, report, runs, sql, table
from workbench.notebook.magic import load_ipython_extension, unload_ipython_extension
from workbench.notebook.measuring import compare, run
from workbench.notebook.sights import diff_flamegraph, timeline

__all__ = [
    "assert_no_regression",
    "compare",
    "diff_flamegraph",
    "distributions",
    "explorer",
    "flamegraph",
    "ladder",
    "load_ipython_extension",
    "report",
    "run",
    "runs",
    "sql",
    "table",
    "timeline",
    "unload_ipython_extension",
]
