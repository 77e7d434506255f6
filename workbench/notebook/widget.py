"""The live flame graph as a Jupyter widget; importing this module needs anywidget."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from workbench.calltree import CallTree
from workbench.notebook.fallback import still_html, still_text
from workbench.views.assets import module, read_static
from workbench.views.payload import FlameMeta, encode

__all__ = ["FlameGraph"]


class FlameGraph(anywidget.AnyWidget):
    """A run's flame graph. The payload goes to the page as bytes; a saved notebook holds the still picture."""

    _esm = module(read_static("widget.js", "workbench.notebook"))
    _css = read_static("flamegraph.css")
    payload = traitlets.Bytes(b"").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)

    def __init__(self, tree: CallTree, meta: FlameMeta, **more: Any) -> None:
        super().__init__(payload=encode(tree, meta), **more)
        self._still = {"text/plain": still_text(tree, meta), "text/html": still_html(tree, meta)}

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widget's own bundle, and beside it what shows where no widget can."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return self._still, {}
        data, metadata = bundle
        return {**data, **self._still}, metadata
