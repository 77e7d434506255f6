"""The flame graph as a Jupyter widget, for layouts of widgets; importing this module needs anywidget."""

from __future__ import annotations

import anywidget
import traitlets

from workbench.notebook.scripts import widget_script
from workbench.views.assets import read_static

__all__ = ["FlameGraphWidget"]


class FlameGraphWidget(anywidget.AnyWidget):
    """A flame graph's payload (``views.payload.encode``) with a view; the payload goes to the page as bytes."""

    _esm = widget_script()
    _css = read_static("flamegraph.css")
    payload = traitlets.Bytes(b"").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
