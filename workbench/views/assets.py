"""The scripts and style sheets in ``static/`` folders, ready to stand in one page.

The sources are plain ES modules. A page without a server can't import files, so ``module`` joins them: the imports
between them go, everything else stays as written. Files come in an order in which each follows what it imports.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

__all__ = ["FLAMEGRAPH_MODULES", "module", "read_static"]

FLAMEGRAPH_MODULES = ("format.js", "profile.js", "palette.js", "paint.js", "controls.js", "flamegraph.js")
"""The parts of the flame graph, in order of import."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)


@cache
def read_static(name: str, package: str = "workbench.views") -> str:
    """Text of a file in the package's ``static`` folder."""
    return files(package).joinpath("static", name).read_text(encoding="utf-8")


def module(*last: str) -> str:
    """One ES module of the flame graph's parts and, after them, sources that import it."""
    sources = [read_static(name) for name in FLAMEGRAPH_MODULES]
    return "\n".join(_IMPORT.sub("", source) for source in (*sources, *last))
