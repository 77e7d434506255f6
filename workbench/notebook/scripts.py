"""The script and the style of the live views, joined from their modules."""

from __future__ import annotations

import re

from workbench.views.assets import module, read_static

__all__ = ["live_script", "live_style", "widget_script"]

_PACKAGE = "workbench.notebook"
_OWN_IMPORT = re.compile(r'^import \{[^}]*\} from "\./explorer\.js";\n', re.MULTILINE)


def live_script() -> str:
    """The page's side of ``bridge``: an anywidget module that has an ``initialize`` and no view."""
    explorer = read_static("explorer.js", _PACKAGE).replace("export function", "function")
    return module(explorer + "\n" + _OWN_IMPORT.sub("", read_static("live.js", _PACKAGE)))


def widget_script() -> str:
    """The flame graph as an anywidget module with a view."""
    return module(read_static("widget.js", _PACKAGE))


def live_style() -> str:
    return read_static("flamegraph.css") + read_static("explorer.css", _PACKAGE)
