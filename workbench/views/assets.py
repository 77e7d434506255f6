"""The scripts and style sheets in ``static/`` folders, ready to stand in one page.

The sources are plain ES modules. A page without a server can't import files, so ``module`` joins them into one:
each becomes a function of its own that returns what it exports, and imports become assignments from it. Files
come in an order in which each follows what it imports. What the sources may say is little: ``import { a, b as c
} from "./x.js";`` at the start of a line and ``export`` before a declaration.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

__all__ = ["FLAMEGRAPH_MODULES", "module", "read_static"]

FLAMEGRAPH_MODULES = (
    "format.js",
    "dom.js",
    "tree.js",
    "profile.js",
    "reshape.js",
    "invert.js",
    "chart.js",
    "search.js",
    "functions.js",
    "marking.js",
    "palette.js",
    "labels.js",
    "paint.js",
    "motion.js",
    "pointer.js",
    "more.js",
    "pane.js",
    "card.js",
    "menu.js",
    "state.js",
    "menus.js",
    "toolbar.js",
    "legend.js",
    "table.js",
    "help.js",
    "picture.js",
    "paper.js",
    "address.js",
    "theme.js",
    "views.js",
    "panels.js",
    "stage.js",
    "parts.js",
    "keys.js",
    "shell.js",
    "diff.js",
    "spans.js",
    "spanpaint.js",
    "timeline.js",
    "source.js",
    "plugins.js",
    "flamegraph.js",
)
"""The parts of the flame graph, in order of import."""

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=((?:async function|function|class|const|let) +([\w$]+)))", re.MULTILINE)
_ALIAS = re.compile(r"\b([\w$]+) as ([\w$]+)")


@cache
def read_static(name: str, package: str = "workbench.views") -> str:
    """Text of a file in the package's ``static`` folder."""
    return files(package).joinpath("static", name).read_text(encoding="utf-8")


def module(*last: str) -> str:
    """One ES module of the flame graph's parts and, after them, sources that import them.

    The sources share one scope, and what several import is there once.
    """
    parts = [_scoped(name, read_static(name)) for name in FLAMEGRAPH_MODULES]
    imports = {found.group(): None for source in last for found in _IMPORT.finditer(source)}
    own = [_assigned("".join(imports)), *(_IMPORT.sub("", source) for source in last)]
    return "\n".join((*parts, *own))


def _variable(module_name: str) -> str:
    """The variable that holds a module's exports."""
    return "module_" + module_name.removesuffix(".js").replace("-", "_")


def _assigned(source: str) -> str:
    """The source with assignments where it imports."""

    def assignment(found: re.Match[str]) -> str:
        names = _ALIAS.sub(r"\1: \2", " ".join(found[1].split()))
        return f"const {{ {names} }} = {_variable(found[2])};\n"

    return _IMPORT.sub(assignment, source)


def _scoped(name: str, source: str) -> str:
    """The module as a function that is called once."""
    exported = ", ".join(found[2] for found in _EXPORT.finditer(source))
    body = _EXPORT.sub("", _assigned(source))
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"
